//! The provider adapters against a scripted server on this machine: exact request bytes, and for every
//! row of the decision tables the answer and what it proves. Needs no network.

mod accounts;
mod cells;
mod create;
mod list;
mod listed_orders;
mod order;
mod owlpay;
mod owlpay_cells;
mod owlpay_errors;
mod payelata_cells;
mod query;
mod request;
mod secrecy;
mod services;
mod stage;
mod status;
mod transport;
mod vendors;
