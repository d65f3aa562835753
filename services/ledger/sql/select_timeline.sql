SELECT timeline FROM ledger.timeline
