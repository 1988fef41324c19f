//! The program itself, on a free loopback port. It ends with the test.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use promenade::clock;

/// The machine that runs this may be busy with other tests.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where the program is. Cargo builds it for the tests beside it; for tests of another package it is built here.
pub fn program() -> PathBuf {
    std::env::var_os("CARGO_BIN_EXE_promenade").map_or_else(|| built().clone(), PathBuf::from)
}

fn built() -> &'static PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        // With the features of the whole workspace, which the tests were built with.
        let arguments = ["build", "--quiet", "--locked", "--workspace", "--bin", "promenade"];
        let status = Command::new(cargo).args(arguments).current_dir(crate::root()).status().unwrap();
        assert!(status.success(), "the program is not built: {status}");
        let test = std::env::current_exe().unwrap();
        test.parent().unwrap().parent().unwrap().join("promenade")
    })
}

/// A running `promenade`, and all that it has printed.
pub struct Program {
    child: Child,
    output: Arc<Mutex<String>>,
    /// These read its output to the end.
    readers: Vec<JoinHandle<()>>,
}

impl Program {
    pub fn start(change: impl FnOnce(&mut Command) -> &mut Command) -> Self {
        let mut command = Command::new(program());
        let command = change(&mut command);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let output = Arc::default();
        let readers = vec![
            collect(child.stdout.take().unwrap(), &output),
            collect(child.stderr.take().unwrap(), &output),
        ];
        Self { child, output, readers }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has printed, logs included.
    pub fn output(&self) -> String {
        self.output.lock().unwrap().clone()
    }

    /// Waits until a text was printed so many times.
    pub async fn until(&self, text: &str, times: usize) {
        let since = clock::stopwatch();
        while self.output().matches(text).count() < times {
            assert!(since.elapsed() < PATIENCE, "{text} in {}", self.output());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Sends `TERM`, `HUP` and the like.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for its end, and for all of its output.
    pub async fn end(&mut self) -> ExitStatus {
        let since = clock::stopwatch();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                self.readers.drain(..).for_each(|reader| reader.join().unwrap());
                return status;
            }
            assert!(since.elapsed() < PATIENCE, "{}", self.output());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Ends it, as a crash would.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Reads to the end, because a program with a full output pipe stops.
fn collect(from: impl Read + Send + 'static, output: &Arc<Mutex<String>>) -> JoinHandle<()> {
    let output = Arc::clone(output);
    thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            *output.lock().unwrap() += &(line + "\n");
        }
    })
}

/// A running `promenade demo`.
pub struct Portal {
    program: Program,
    /// Without a trailing slash.
    pub url: String,
}

impl Portal {
    /// Waits until it prints where it is.
    pub fn demo() -> Self {
        let program = Program::start(|p| p.args(["demo", "--listen", "127.0.0.1:0"]).env("RUST_LOG", "warn"));
        let since = clock::stopwatch();
        loop {
            if let Some(url) = program.output().lines().find_map(address) {
                return Self { program, url };
            }
            assert!(since.elapsed() < PATIENCE, "no address in {}", program.output());
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// The address of a page of it.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// Ends it, as a crash would.
    pub fn kill(&mut self) {
        self.program.kill();
    }
}

fn address(line: &str) -> Option<String> {
    let url = line.split_whitespace().find(|word| word.starts_with("http://"))?;
    Some(url.trim_end_matches(['/', '.', ',']).to_owned())
}
