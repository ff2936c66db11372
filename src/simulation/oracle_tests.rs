//! Each law complains when it is broken: histories made up for it.
