//! The local host as its users meet it: over HTTP, with the twins' faults, the movable clock, and kills.

#[path = "../figures.rs"]
mod figures;

mod audit;
mod batch_edits;
mod batch_fates;
mod batch_files;
mod batch_kill;
mod batch_large;
mod batch_people;
mod batch_refusals;
mod batch_stage;
mod batch_storms;
mod batches;
mod channels;
mod charges;
mod comparison;
mod conformance;
mod corpus;
mod cost;
mod drivers;
mod fault_share;
mod faults;
mod gateways;
mod import;
mod keys;
mod kill;
mod limits;
mod lists;
mod manners;
mod operators;
mod payout_methods;
mod providers;
mod queues;
mod rails;
mod reconciliations;
mod refusals;
mod restart;
mod returns;
mod reviews;
mod stage;
mod storms;
mod timeline;
mod vendors;
mod wire;
