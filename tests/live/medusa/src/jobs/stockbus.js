const { tellMissed } = require('../stockbus.js');

exports.default = tellMissed;
exports.config = { name: 'stockbus', schedule: { interval: 5000 } };
