//! One handler per function: parse, call one use case, render. [`table`] lists them all; [`mount`] lets
//! one process serve them; `open` builds what a Lambda of each works with.

mod asked;
pub mod cancel_payout;
pub mod check_attempt;
pub mod create_deposit;
pub mod create_instant_payout;
pub mod create_payout;
pub mod delete_driver;
pub mod dispatch_payout;
pub mod get_balance;
pub mod get_driver;
pub mod get_load;
pub mod get_payout;
pub mod get_payout_method;
pub mod get_payout_timeline;
pub mod guard;
pub mod health;
pub mod import_loads;
pub mod list_driver_payouts;
pub mod list_drivers;
pub mod list_loads;
pub mod list_payouts;
pub mod mount;
pub mod open;
pub mod put_load;
pub mod put_payout_method;
pub mod receive_payelata_callback;
pub mod register_driver;
pub mod relay_outbox;
pub mod retry_payout;
pub mod sweep_due;
pub mod table;
pub mod update_driver;
pub mod verify_driver;
