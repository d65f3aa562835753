const { tellLevel, tellOrder } = require('../stockbus.js');

exports.default = async ({ event: { name, data }, container }) => {
  if (name === 'inventory.inventory-level.updated') tellLevel(container, data.id);
  else tellOrder(container, data.order_id ?? data.id);
};

exports.config = {
  event: ['order.placed', 'order.canceled', 'order.fulfillment_created', 'order.return_received', 'order-edit.confirmed',
    'inventory.inventory-level.updated'],
};
