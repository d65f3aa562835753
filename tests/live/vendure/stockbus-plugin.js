// Tells stockbus what happens to orders and stock: the one thing that Vendure has no webhook for.
const crypto = require('node:crypto');
const {
  EventBus, FulfillmentStateTransitionEvent, OrderLine, OrderService, OrderStateTransitionEvent, PluginCommonModule,
  ProductVariantEvent, RequestContextService, StockLevelService, StockMovementEvent, TransactionalConnection, VendurePlugin,
} = require('@vendure/core');
const { teller } = require('./tell.js');

const LOOK_BACK_MS = 24 * 60 * 60 * 1000;
const PAGE = 100;

const tell = teller((event, body) => ({
  'X-Vendure-Event': event,
  'X-Vendure-Signature': crypto.createHmac('sha256', process.env.STOCKBUS_SECRET).update(body).digest('base64'),
}));

class StockbusPlugin {
  constructor(eventBus, orders, connection, contexts, levels) {
    Object.assign(this, { eventBus, orders, connection, contexts, levels });
  }

  async onApplicationBootstrap() {
    this.eventBus.ofType(OrderStateTransitionEvent).subscribe(({ order }) => this.tellOrder(order.id));
    this.eventBus.ofType(FulfillmentStateTransitionEvent)
      .subscribe(({ fulfillment }) => this.tellOrdersOf(fulfillment.lines.map(line => line.orderLineId)));
    this.eventBus.ofType(ProductVariantEvent).subscribe(event => this.tellStock(event));
    // A cancelled line makes no transition of its order, but a movement.
    this.eventBus.ofType(StockMovementEvent)
      .subscribe(({ stockMovements }) => this.tellOrdersOf(stockMovements.flatMap(one => one.orderLine?.id ?? [])));
    await this.tellMissed();
  }

  async tellOrdersOf(lineIds) {
    const ctx = await this.contexts.create({ apiType: 'admin' });
    for (const id of lineIds) {
      const found = { where: { id }, relations: ['order'] };
      this.tellOrder((await this.connection.getRepository(ctx, OrderLine).findOneOrFail(found)).order.id);
    }
  }

  // The event bus forgets when Vendure ends: what changed within a day is told again.
  async tellMissed() {
    const ctx = await this.contexts.create({ apiType: 'admin' });
    const filter = { updatedAt: { after: new Date(Date.now() - LOOK_BACK_MS) } };
    for (let skip = 0, total = 1; skip < total; skip += PAGE) {
      const page = await this.orders.findAll(ctx, { filter, skip, take: PAGE, sort: { id: 'ASC' } }, []);
      for (const order of page.items) this.tellOrder(order.id);
      total = page.totalItems;
    }
  }

  tellOrder(id) {
    tell(`order ${id}`, () => this.order(id));
  }

  // Vendure's quantity shrinks when a unit is cancelled; what was ordered stands beside it. Before the payment nothing is sold.
  async order(id) {
    const ctx = await this.contexts.create({ apiType: 'admin' });
    const relations = ['lines', 'lines.productVariant', 'fulfillments', 'fulfillments.lines'];
    const order = await this.orders.findOne(ctx, id, relations);
    if (!order || !order.orderPlacedAt) return null;
    const gone = order.fulfillments.filter(({ state }) => state === 'Shipped' || state === 'Delivered');
    return {
      event: 'order',
      message: {
        order: {
          id: order.id,
          state: order.state,
          placed_at: order.orderPlacedAt.toISOString(),
          changed_at: order.updatedAt.toISOString(),
        },
        lines: order.lines.map(line => ({
          id: line.id,
          variant: line.productVariant.id,
          sku: line.productVariant.sku,
          ordered: line.orderPlacedQuantity,
          cancelled: line.orderPlacedQuantity - line.quantity,
        })),
        shipped: gone.flatMap(({ id: parcel, createdAt, lines }) => lines.map(({ orderLineId: line, quantity }) =>
          ({ part: `${parcel}-${line}`, line, quantity, at: createdAt.toISOString() }))),
      },
    };
  }

  // Stockbus's own writes come back, too: the ledger knows them by what they say.
  tellStock(event) {
    if (event.type !== 'updated') return;
    for (const { id } of event.variants) tell(`variant ${id}`, () => this.stock(id));
  }

  async stock(variant) {
    const ctx = await this.contexts.create({ apiType: 'admin' });
    const { stockOnHand, stockAllocated } = await this.levels.getAvailableStock(ctx, variant);
    return { event: 'stock', message: { variant, available: stockOnHand - stockAllocated, at: new Date().toISOString() } };
  }
}

Reflect.defineMetadata('design:paramtypes',
  [EventBus, OrderService, TransactionalConnection, RequestContextService, StockLevelService], StockbusPlugin);
VendurePlugin({ imports: [PluginCommonModule], compatibility: '^3.0.0' })(StockbusPlugin);

module.exports = { StockbusPlugin };
