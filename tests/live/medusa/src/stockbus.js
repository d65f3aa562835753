// Tells stockbus of orders and stock: the one thing that Medusa has no webhook for.
const crypto = require('node:crypto');
const { ContainerRegistrationKeys, Modules } = require('@medusajs/framework/utils');
const { teller } = require('../tell.js');

const LOOK_BACK_MS = 24 * 60 * 60 * 1000;

const tell = teller((event, body) => {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = crypto.createHmac('sha256', process.env.STOCKBUS_SECRET).update(`${timestamp}.${body}`).digest('hex');
  return { 'X-Medusa-Event': event, 'X-Medusa-Timestamp': timestamp, 'X-Medusa-Signature': `v1=${signature}` };
});

// ---- orders

const told = new Map(); // id of an order: its version that was taken

// Medusa takes units from a level when they are fulfilled, that is packed, so then they are shipped for stockbus, too.
const PARTS = {
  FULFILL_ITEM: { list: 'shipped' },
  RECEIVE_RETURN_ITEM: { list: 'returned', bucket: 'sellable' },
  RECEIVE_DAMAGED_RETURN_ITEM: { list: 'returned', bucket: 'damaged' },
};

// A line has a row for each version of its order in which it stands. Units that an edit took away were cancelled; a line
// that a later version does not have was cancelled whole.
function lineOf(rows, order) {
  const last = rows.at(-1);
  const stands = order.status !== 'canceled' && last.version === order.version;
  const line = { id: last.item_id, variant: last.item.variant_id, sku: last.item.variant_sku, ordered: 0, cancelled: 0 };
  let quantity = 0;
  for (const row of rows) {
    line.ordered += Math.max(Number(row.quantity) - quantity, 0);
    line.cancelled += Math.max(quantity - Number(row.quantity), 0);
    quantity = Number(row.quantity);
  }
  if (!stands) line.cancelled += quantity;
  return line;
}

// An order is cancelled only when nothing of it is packed any more: what was told as shipped is back.
function unpacked({ lines, shipped }, order) {
  return lines.flatMap(({ id, ordered }) => {
    const units = shipped.filter(({ line }) => line === id).reduce((sum, { quantity }) => sum + quantity, 0);
    const back = { part: `${id}-unpacked`, line: id, quantity: Math.min(units, ordered), bucket: 'sellable', at: order.canceled_at };
    return units > 0 ? [back] : [];
  });
}

async function messageOf(container, id) {
  const orders = container.resolve(Modules.ORDER);
  const [order] = await orders.listOrders({ id }, { select: ['id', 'status', 'version', 'created_at', 'updated_at', 'canceled_at'] });
  const known = ({ version }) => version <= order.version; // what came since is told next
  const rows = (await orders.listOrderItems({ order_id: id }, { relations: ['item'], take: null, order: { version: 'ASC' } }))
    .filter(known);
  const actions = (await orders.listOrderChangeActions({ order_id: id }, { take: null, order: { ordering: 'ASC' } }))
    .filter(action => action.applied && known(action));
  const message = {
    order: { id: order.id, status: order.status, placed_at: order.created_at, changed_at: order.updated_at },
    lines: [...new Set(rows.map(row => row.item_id))].map(item => lineOf(rows.filter(row => row.item_id === item), order)),
    shipped: [],
    returned: [],
  };
  for (const { id: part, action, details, created_at: at } of actions) {
    if (!PARTS[action]) continue;
    const { list, bucket } = PARTS[action];
    message[list].push({ part, line: details.reference_id, quantity: Number(details.quantity), bucket, at });
  }
  if (order.status === 'canceled') message.returned.push(...unpacked(message, order));
  return { message, version: order.version };
}

function tellOrder(container, id) {
  tell(id, async () => {
    const { message, version } = await messageOf(container, id);
    return { event: 'order', message, taken: () => told.set(id, version) };
  });
}

// The event bus forgets when Medusa ends: what changed within a day and was not told is told.
async function tellMissed(container) {
  const query = container.resolve(ContainerRegistrationKeys.QUERY);
  const { data } = await query.graph({
    entity: 'order',
    fields: ['id', 'version'],
    filters: { updated_at: { $gte: new Date(Date.now() - LOOK_BACK_MS) } },
  });
  const recent = new Set(data.map(({ id }) => id));
  for (const id of told.keys()) if (!recent.has(id)) told.delete(id);
  for (const { id, version } of data) if (told.get(id) !== version) tellOrder(container, id);
}

// ---- stock

// What can be sold at the level's location. Stockbus's own writes come back, too: the ledger knows them by what they say.
function tellLevel(container, id) {
  tell(id, async () => {
    const [level] = await container.resolve(Modules.INVENTORY).listInventoryLevels({ id });
    const message = level && {
      item: level.inventory_item_id,
      location: level.location_id,
      available: Number(level.stocked_quantity) - Number(level.reserved_quantity),
      at: level.updated_at,
    };
    return message && { event: 'stock', message };
  });
}

module.exports = { tellOrder, tellMissed, tellLevel };
