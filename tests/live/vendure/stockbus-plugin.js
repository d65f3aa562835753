// Tells stockbus what happens to orders and stock: the one thing that Vendure has no webhook for. Each message is signed
// and sent until it is taken, in the order of its order; what it says is state, so a repetition or a late one does no harm.
const crypto = require('node:crypto');
const {
  EventBus, FulfillmentStateTransitionEvent, OrderLine, OrderService, OrderStateTransitionEvent, PluginCommonModule,
  ProductVariantEvent, RequestContextService, StockLevelService, StockMovementEvent, TransactionalConnection, VendurePlugin,
} = require('@vendure/core');

const RETRY_MS = 500;
const url = process.env.STOCKBUS_URL;
const secret = process.env.STOCKBUS_SECRET;

async function deliver(message) {
  const body = JSON.stringify(message);
  const signature = crypto.createHmac('sha256', secret).update(body).digest('base64');
  for (;;) {
    try {
      const answer = await fetch(url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'X-Vendure-Event': message.event, 'X-Vendure-Signature': signature },
        body,
      });
      if (answer.ok) return;
      console.error(`stockbus answered ${answer.status}: ${await answer.text()}`);
      if (answer.status < 500) return;
    } catch (error) {
      console.error(`stockbus is away: ${error.message}`);
    }
    await new Promise(done => setTimeout(done, RETRY_MS));
  }
}

class StockbusPlugin {
  constructor(eventBus, orders, connection, contexts, levels) {
    Object.assign(this, { eventBus, orders, connection, contexts, levels });
  }

  onApplicationBootstrap() {
    this.eventBus.ofType(OrderStateTransitionEvent).subscribe(event => this.tellOrder(event.order.id));
    this.eventBus.ofType(FulfillmentStateTransitionEvent).subscribe(event => this.tellShipment(event));
    this.eventBus.ofType(ProductVariantEvent).subscribe(event => this.tellStock(event));
    this.eventBus.ofType(StockMovementEvent).subscribe(event => this.tellOrdersOf(event));
  }

  // A cancelled line makes no transition of its order, but a movement.
  async tellOrdersOf(event) {
    const ids = new Set();
    for (const { orderLine } of event.stockMovements) {
      if (orderLine) ids.add(await this.orderOf(orderLine.id));
    }
    for (const id of ids) await this.tellOrder(id);
  }

  async orderOf(lineId) {
    const ctx = await this.contexts.create({ apiType: 'admin' });
    const line = await this.connection.getRepository(ctx, OrderLine).findOneOrFail({ where: { id: lineId }, relations: ['order'] });
    return line.order.id;
  }

  // Vendure's quantity shrinks when a unit is cancelled; what was ordered stands beside it. Before the payment nothing is sold.
  async tellOrder(id) {
    const ctx = await this.contexts.create({ apiType: 'admin' });
    const order = await this.orders.findOne(ctx, id, ['lines', 'lines.productVariant']);
    if (!order || !order.orderPlacedAt) return;
    await deliver({
      event: 'order',
      order: {
        id: order.id,
        state: order.state,
        placed_at: order.orderPlacedAt.toISOString(),
        changed_at: order.updatedAt.toISOString(),
        lines: order.lines.map(line => ({
          id: line.id,
          variant: line.productVariant.id,
          sku: line.productVariant.sku,
          ordered: line.orderPlacedQuantity,
          cancelled: line.orderPlacedQuantity - line.quantity,
        })),
      },
    });
  }

  async tellShipment(event) {
    if (event.toState !== 'Shipped') return;
    const lines = [];
    for (const { orderLineId: line, quantity } of event.fulfillment.lines)
      lines.push({ part: `${event.fulfillment.id}-${line}`, order: await this.orderOf(line), line, quantity });
    await deliver({
      event: 'shipment',
      at: event.fulfillment.updatedAt.toISOString(),
      lines,
    });
  }

  // Stockbus's own writes come back, too: the ledger knows them by what they say.
  async tellStock(event) {
    if (event.type !== 'updated') return;
    const ctx = await this.contexts.create({ apiType: 'admin' });
    for (const variant of event.variants) {
      const { stockOnHand, stockAllocated } = await this.levels.getAvailableStock(ctx, variant.id);
      await deliver({ event: 'stock', variant: variant.id, available: stockOnHand - stockAllocated, at: new Date().toISOString() });
    }
  }
}

Reflect.defineMetadata('design:paramtypes',
  [EventBus, OrderService, TransactionalConnection, RequestContextService, StockLevelService], StockbusPlugin);
VendurePlugin({ imports: [PluginCommonModule], compatibility: '^3.0.0' })(StockbusPlugin);

module.exports = { StockbusPlugin };
