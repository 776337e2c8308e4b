//! The functions as C calls them: what they do, and what they say to calls that cannot be right.

mod caller;
mod loaded;
mod mistakes;
mod results;
mod threads;
