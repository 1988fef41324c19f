//! Changes of catalog files while the portal runs.

use std::fs;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use super::{CatalogFolder, entity, faults};

#[test]
fn changed_file_is_reloaded() {
    let folder =
        CatalogFolder::of(&["*.yaml", "sub/late.yaml"], &[("root/a.yaml", &entity("Component", "a"))]);
    let _watch = folder.source.watch().unwrap();
    let wait = |count: usize| {
        for _ in 0..100 {
            if folder.snapshot().entities.len() == count {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!(
            "{} entities, {count} wanted: {:?}",
            folder.snapshot().entities.len(),
            faults(&folder.snapshot())
        );
    };
    folder.write("b.yaml", &entity("Component", "b"));
    wait(2);
    fs::write(folder.path("tmp"), entity("Component", "c")).unwrap();
    fs::rename(folder.path("tmp"), folder.path("c.yaml")).unwrap();
    wait(3);
    fs::remove_file(folder.path("b.yaml")).unwrap();
    wait(2);
    folder.write("sub/late.yaml", &entity("Component", "late"));
    wait(3);
    // Our own reading causes no further reload.
    let snapshot = folder.snapshot();
    std::thread::sleep(Duration::from_millis(900));
    assert!(Arc::ptr_eq(&snapshot, &folder.snapshot()));
}

#[test]
fn log_file_in_a_watched_directory_causes_no_reload() {
    let folder = CatalogFolder::of(&["*.yaml", "none/*.yaml"], &[("root/a.yaml", &entity("Component", "a"))]);
    folder.write("portal.log", "the catalog has 1 entity\n");
    let _watch = folder.source.watch().unwrap();
    let snapshot = folder.snapshot();
    let log = fs::OpenOptions::new().append(true).open(folder.path("portal.log"));
    let mut log = log.unwrap();
    for _ in 0..10 {
        log.write_all(b"the catalog was read\n").unwrap();
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(Arc::ptr_eq(&snapshot, &folder.snapshot()));
    // A file that the catalog reads is noticed beside it, also when it is written in place.
    let file = fs::OpenOptions::new().append(true).open(folder.path("a.yaml"));
    file.unwrap().write_all(format!("---\n{}", entity("Component", "b")).as_bytes()).unwrap();
    let is_new = |_| {
        std::thread::sleep(Duration::from_millis(100));
        folder.snapshot().entities.len() == 2
    };
    assert!((0..100).any(is_new), "{:?}", faults(&folder.snapshot()));
}
