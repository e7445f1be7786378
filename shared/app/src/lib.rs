//! Use cases of the payout platform and the ports they need. No vendor, no JSON, no table key.
//!
//! One file per use case, named like its function; `port` says what they need from outside.

pub mod audit;
pub mod audit_event;
pub mod call;
pub mod cancel_payout;
pub mod changes;
pub mod check_attempt;
pub mod create_deposit;
pub mod create_payout;
pub mod delete_driver;
pub mod dispatch_payout;
pub mod error;
pub mod get_driver;
pub mod get_load;
pub mod get_payout;
pub mod get_payout_method;
pub mod import_loads;
mod large_answer;
pub mod list;
pub mod list_driver_payouts;
pub mod list_drivers;
pub mod list_loads;
pub mod list_payouts;
pub mod memory;
pub mod message;
pub mod page;
pub mod port;
pub mod put_load;
pub mod put_payout_method;
pub mod receive_callback;
pub mod record;
pub mod record_answer;
pub mod register_driver;
pub mod relay_outbox;
pub mod request_key;
pub mod retry_payout;
pub mod scope;
pub mod seal;
mod send;
pub mod sweep_due;
mod together;
pub mod update_driver;
pub mod verify_driver;
