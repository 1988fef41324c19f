//! The portal as people run it: the program itself, on a free loopback port, ended with the test.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};

/// A running `promenade`.
pub struct Portal {
    child: Child,
    /// Without a trailing slash.
    pub url: String,
    /// Held open: a program whose output nobody reads may stop at its next line.
    _said: BufReader<ChildStdout>,
}

impl Portal {
    /// `promenade demo`, once it says where it is.
    pub fn demo() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_promenade"))
            .args(["demo", "--listen", "127.0.0.1:0"])
            .env("RUST_LOG", "warn")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let url = said.by_ref().lines().map_while(Result::ok).find_map(|line| address(&line));
        let url = url.expect("promenade prints the address to open");
        Self { child, url, _said: said }
    }

    /// The address of a page of it.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// Ends it, as a crash would.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Portal {
    fn drop(&mut self) {
        self.kill();
    }
}

fn address(line: &str) -> Option<String> {
    let url = line.split_whitespace().find(|word| word.starts_with("http://"))?;
    Some(url.trim_end_matches(['/', '.', ',']).to_owned())
}
