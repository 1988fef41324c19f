//! The rule files of `promenade demo` are rule files of Prometheus.

use std::path::Path;
use std::process::Command;

#[test]
fn promtool_accepts_the_rule_files_of_the_demo() {
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/demo/rules");
    let files: Vec<_> = rules.read_dir().unwrap().map(|file| file.unwrap().path()).collect();
    assert!(!files.is_empty());
    let output =
        Command::new("promtool").args(["check", "rules", "--lint-fatal"]).args(files).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
