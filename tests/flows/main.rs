//! Whole lives of payouts on the memory ports: going well, going wrong, and with a crash at every await
//! on a port.

mod batch_stage;
mod batches;
mod books;
mod busy;
mod charge_people;
mod charge_races;
mod charge_reads;
mod charge_routes;
mod charge_stage;
mod charges;
mod choices;
mod crashes;
mod drivers;
mod fallback;
mod import;
mod keys;
mod late_news;
mod limits;
mod lists;
mod lives;
mod order_numbers;
mod payout_methods;
mod races;
mod rare;
mod reconciliations;
mod returns;
mod review_stage;
mod reviews;
mod routes;
mod stage;
mod troubles;
mod vendor_changes;
mod vendors;
mod walks;
mod withdrawals;
