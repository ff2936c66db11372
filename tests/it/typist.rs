//! Somebody at a terminal: the program with a pseudo-terminal for its input and its errors, and what is typed into it.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

/// A program that is talked to.
pub struct Typist {
    child: Child,
    terminal: File,
    heard: String,
}

impl Typist {
    /// Starts it; its output goes nowhere.
    pub fn start(command: &mut Command) -> Self {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&terminal).unwrap();
        unlockpt(&terminal).unwrap();
        let name = ptsname(&terminal, Vec::new()).unwrap();
        let side = OpenOptions::new().read(true).write(true).open(name.to_str().unwrap()).unwrap();
        command.stdin(side.try_clone().unwrap()).stderr(side).stdout(Stdio::null());
        let child = command.spawn().unwrap();
        // Our own copies of the other side would keep the terminal open when the program has gone.
        command.stdin(Stdio::null()).stderr(Stdio::null());
        Self { child, terminal: File::from(terminal), heard: String::new() }
    }

    /// Waits until it says that; what it said since the last time is answered.
    #[track_caller]
    pub fn hears(&mut self, words: &str) -> String {
        loop {
            if let Some(at) = self.heard.find(words) {
                let rest = self.heard.split_off(at + words.len());
                return std::mem::replace(&mut self.heard, rest);
            }
            assert!(self.more(), "it ended without `{words}`: {}", self.heard);
        }
    }

    /// Types a line.
    pub fn types(&mut self, line: &str) {
        writeln!(self.terminal, "{line}").unwrap();
    }

    /// Its number, for signals.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Hears it out: its exit code, none after a signal, and the rest of what it said.
    pub fn ends(mut self) -> (Option<i32>, String) {
        while self.more() {}
        (self.child.wait().unwrap().code(), self.heard)
    }

    /// Whether it said something more before it ended.
    fn more(&mut self) -> bool {
        let mut buffer = [0; 4096];
        // A terminal whose other side is closed answers with an error.
        let read = self.terminal.read(&mut buffer).unwrap_or(0);
        self.heard.push_str(&String::from_utf8_lossy(&buffer[..read]));
        read > 0
    }
}
