//! Single algorithms in the real engine, against what is known of them exactly, and under random plans of their own. One
//! binary, so that what they have in common is compiled once.

mod bully;
mod discovery;
mod membership;
mod message_counts;
mod oracle;
mod ring;
mod zab;
