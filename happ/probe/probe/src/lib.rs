//! Functions of the role `probe`: what a test of a client needs to see done by a real conductor.

mod capability;
mod chain;
mod echo;
mod failure;
mod init;
mod item;
#[cfg(test)]
mod mocked;
mod nested;
mod release;
mod signal;
mod slow;
mod whoami;
