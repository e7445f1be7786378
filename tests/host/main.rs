//! The local host as its users meet it: over HTTP, with the twins' faults, the movable clock, and kills.

#[path = "../figures.rs"]
mod figures;

mod conformance;
mod corpus;
mod cost;
mod drivers;
mod faults;
mod kill;
mod limits;
mod lists;
mod manners;
mod refusals;
mod restart;
mod stage;
mod storms;
mod timeline;
mod wire;
