//! What each provider's manifest promises, held against its adapter and its twin over HTTP. One program for all
//! providers: what differs between them is read from the manifest, so a new provider is one more row of data.

mod callbacks;
mod calls;
mod rig;
