//! The local host as its users meet it: over HTTP, with the twins' faults, the movable clock, and kills.

mod bad_input;
mod cost;
mod drivers;
mod faults;
mod import;
mod kill;
mod lists;
mod manners;
mod restart;
mod seed_shapes;
mod stage;
