//! The local host as its users meet it: over HTTP, with the twins' faults, the movable clock, and kills.

mod audit;
mod bad_input;
mod cost;
mod faults;
mod keys;
mod kill;
mod manners;
mod operators;
mod restart;
mod seed_shapes;
mod stage;
