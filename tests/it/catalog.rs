//! The catalog from real files: globs, broken documents, reloads, and files that must not be read.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use promenade::catalog::search::Filter;
use promenade::catalog::source::{FileSource, SourceMerger, read_text};
use promenade::catalog::{CatalogSettings, EntityRef, FileLocation, Snapshot};
use promenade::diagnostic::Diagnostic;
use promenade::metrics::Metrics;
use tempfile::TempDir;

mod watch;

fn entity(kind: &str, name: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: {kind}\nmetadata:\n  name: {name}\nspec: {{owner: team-a}}\n"
    )
}

fn open(settings: CatalogSettings) -> FileSource {
    FileSource::open(settings, SourceMerger::alone(Metrics::new().catalog), Timestamp::UNIX_EPOCH)
}

/// A directory of files and the catalog that reads it.
struct CatalogFolder {
    directory: TempDir,
    source: FileSource,
}

impl CatalogFolder {
    fn of(targets: &[&str], files: &[(&str, &str)]) -> Self {
        let directory = TempDir::new().unwrap();
        for (name, text) in files {
            write(directory.path(), name, text);
        }
        let base = directory.path().join("root");
        fs::create_dir_all(&base).unwrap();
        let location = |target: &&str| FileLocation {
            target: (*target).to_owned(),
            bases: vec![base.clone()],
            place: None,
        };
        let files = targets.iter().map(location).collect();
        let settings = CatalogSettings { files, ..CatalogSettings::default() };
        Self { directory, source: open(settings) }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join("root").join(name)
    }

    fn write(&self, name: &str, text: &str) {
        write(self.directory.path(), &format!("root/{name}"), text);
    }

    fn reload(&self) -> Arc<Snapshot> {
        self.source.reload(Timestamp::UNIX_EPOCH);
        self.snapshot()
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        self.source.catalog().snapshot()
    }
}

fn write(directory: &Path, name: &str, text: &str) {
    let path = directory.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn names(snapshot: &Snapshot) -> Vec<String> {
    snapshot.entities.iter().map(|e| e.reference.to_string()).collect()
}

fn faults(snapshot: &Snapshot) -> Vec<String> {
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let line = |f: &Diagnostic| f.position().map(|at| format!(":{}", at.line)).unwrap_or_default();
    let kept = |f: &Diagnostic| if !f.is_error() { " (kept)" } else { "" };
    let faults = snapshot.faults.iter();
    faults
        .map(|f| format!("{}{} {}{}", name(&f.location.as_ref().unwrap().file), line(f), f.message, kept(f)))
        .collect()
}

/// Checks for exactly these entities, and one fault for each of these parts of messages.
fn check(snapshot: &Snapshot, entities: &[&str], sentences: &[&str]) {
    assert_eq!(names(snapshot), entities, "{:#?}", faults(snapshot));
    let messages = faults(snapshot);
    assert_eq!(messages.len(), sentences.len(), "{messages:#?}");
    for (fault, part) in messages.iter().zip(sentences) {
        assert!(fault.contains(part), "{fault:?} lacks {part:?}");
    }
}

#[test]
fn every_kind_of_entity_is_read() {
    let kinds =
        ["Component", "API", "Resource", "System", "Domain", "Group", "User", "Template", "Spaceship"];
    let text: Vec<String> = kinds.iter().map(|kind| entity(kind, "Thing_1.x")).collect();
    let folder = CatalogFolder::of(&["all.yaml"], &[("root/all.yaml", &text.join("---\n"))]);
    let snapshot = folder.snapshot();
    assert_eq!(snapshot.entities.len(), kinds.len(), "{:?}", snapshot.faults);
    let ship = snapshot.entities.iter().find(|e| e.kind == "Spaceship").unwrap();
    assert_eq!(ship.reference.to_string(), "spaceship:default/thing_1.x");
    assert_eq!((ship.name.as_str(), ship.owner()), ("Thing_1.x", Some("team-a")));
}

#[test]
fn globs_and_locations_select_files() {
    let all = "kind: Location\napiVersion: backstage.io/v1alpha1\nmetadata: {name: all}\nspec:\n  \
               targets: [./more/*.yaml, ../root/one.json, https://x/y.yaml, ./none.yaml]\n";
    let looped = "kind: Location\napiVersion: backstage.io/v1alpha1\nmetadata: {name: looped}\n\
                  spec: {type: file, target: ./locations.yaml}\n";
    let optional = looped
        .replace("looped", "opt")
        .replace("./locations.yaml, ", "")
        .replace("target: ./locations.yaml", "presence: optional, target: ./gone.yaml");
    let json = r#"{"apiVersion": "a/v1", "kind": "Component", "metadata": {"name": "j"}}"#;
    let folder = CatalogFolder::of(
        &["locations.yaml", "teams/**/*.yaml", "{x,y}?.yaml", "nothing/*.yaml", "looped.yaml", "opt.yaml"],
        &[
            ("root/locations.yaml", all),
            ("root/looped.yaml", looped),
            ("root/opt.yaml", &optional),
            ("root/more/a.yaml", &entity("Component", "a")),
            ("root/more/.hidden.yaml", &entity("Component", "hidden")),
            ("root/one.json", json),
            ("root/teams/deep/er/b.yaml", &entity("Component", "b")),
            ("root/teams/c.yml", &entity("Component", "c")),
            ("root/x1.yaml", &entity("Component", "x1")),
            ("root/xx1.yaml", &entity("Component", "xx1")),
        ],
    );
    let snapshot = folder.snapshot();
    let found = [
        "component:default/a",
        "component:default/b",
        "component:default/j",
        "component:default/x1",
        "location:default/all",
        "location:default/looped",
        "location:default/opt",
    ];
    check(
        &snapshot,
        &found,
        &["locations.yaml:5 no file matches this Location's target", "*.yaml no file matches"],
    );
    assert_eq!(snapshot.not_read.get("url"), Some(&1));
    assert_eq!(snapshot.files_read, 7);
}

#[test]
fn broken_document_drops_only_itself() {
    let good = |name: &str| entity("Component", name);
    let text = [
        good("a"),
        "kind: [\n".to_owned(),
        good("b"),
        "just text\n".to_owned(),
        "kind: Component\nmetadata: {name: x}\n".to_owned(),
        good("no/name"),
        good("9").replace("name: 9", "name: 9 # a number"),
        good("c").replace("spec:", "  annotations: {x: 5, y: ok, z: [1]}\nspec:"),
        "a: 1\na: 2\n".to_owned(),
        good("d"),
    ];
    let folder = CatalogFolder::of(&["all.yaml"], &[("root/all.yaml", &text.join("---\n"))]);
    let found = ["component:default/a", "component:default/b", "component:default/c", "component:default/d"];
    let shown = [
        "all.yaml:7 unclosed bracket",
        "all.yaml:15 the document is text",
        "all.yaml:17 the entity has no `apiVersion`",
        "all.yaml:23 `component:default/no/name`",
        "all.yaml:29 `metadata.name` is a number",
        "the annotation `x` is a number",
        "the annotation `z` is a list",
        "all.yaml:40 duplicate key `a`",
    ];
    let shown = shown.map(|t| t.replace("component:default/no", "Component:default/no"));
    check(&folder.snapshot(), &found, &shown.each_ref().map(String::as_str));
    let c = folder.snapshot().entities.iter().find(|e| e.name == "c").cloned().unwrap();
    assert_eq!(c.annotations.keys().collect::<Vec<_>>(), ["y"]);
}

#[test]
fn first_of_two_entities_with_one_reference_is_used() {
    let folder = CatalogFolder::of(
        &["z.yaml", "*.yaml"],
        &[
            ("root/a.yaml", &entity("Component", "same").replace("team-a", "from-a")),
            ("root/z.yaml", &entity("component", "SAME").replace("team-a", "from-z")),
        ],
    );
    for _ in 0..3 {
        let snapshot = folder.reload();
        check(
            &snapshot,
            &["component:default/same"],
            &["a.yaml:1 `component:default/same` is already defined in "],
        );
        assert!(snapshot.faults[0].message.contains("z.yaml, line 1"));
        assert_eq!(snapshot.entities[0].owner(), Some("from-z"));
    }
}

#[test]
fn file_that_breaks_after_reload_keeps_its_last_entities() {
    let text = [entity("Component", "a"), entity("Component", "b")].join("---\n");
    let folder = CatalogFolder::of(
        &["one.yaml", "many/*.yaml"],
        &[("root/one.yaml", &text), ("root/many/c.yaml", &entity("API", "c"))],
    );
    let all = ["api:default/c", "component:default/a", "component:default/b"];
    check(&folder.snapshot(), &all, &[]);
    let broken: &[(&str, &str)] = &[
        ("kind: [", "one.yaml:1"),
        (text.get(..text.len() - 40).unwrap(), "one.yaml"),
        ("", "one.yaml is empty"),
        ("\u{0}", "one.yaml"),
        ("a: &a [*a]", "one.yaml:1"),
    ];
    for (broken, expected) in broken {
        folder.write("one.yaml", broken);
        let snapshot = folder.reload();
        let kept: Vec<String> = names(&snapshot);
        assert!(
            snapshot.faults.len() == 1 && faults(&snapshot)[0].starts_with(expected),
            "{:?}",
            faults(&snapshot)
        );
        if !broken.contains("name: a") {
            assert_eq!(kept, all, "{broken:?}");
            assert!(!snapshot.faults[0].is_error(), "{broken:?}");
        }
        folder.write("one.yaml", &text);
        check(&folder.reload(), &all, &[]);
    }
    fs::write(folder.path("one.yaml"), [0xff, 0xfe]).unwrap();
    check(&folder.reload(), &all, &["one.yaml:1 the text is not UTF-8 (kept)"]);
    fs::write(folder.path("one.yaml"), "x".repeat(9 << 20)).unwrap();
    check(&folder.reload(), &all, &["one.yaml is larger than 8192 KiB (kept)"]);
    fs::remove_file(folder.path("one.yaml")).unwrap();
    check(&folder.reload(), &all, &["one.yaml no file matches this location's target"]);
    check(&folder.reload(), &all, &["(kept)"]);
    fs::rename(folder.path("many"), folder.path("elsewhere")).unwrap();
    check(&folder.reload(), &all, &["one.yaml", "*.yaml"]);
    // A reference that came back elsewhere is no duplicate of the one that was kept.
    folder.write("many/d.yaml", &text.replace("team-a", "team-b"));
    let snapshot = folder.reload();
    check(&snapshot, &all[1..], &["one.yaml"]);
    assert_eq!(snapshot.entities[0].owner(), Some("team-b"));
}

#[test]
#[cfg(unix)]
fn only_regular_files_below_the_directory_are_read() {
    use std::os::unix::fs::symlink;
    let outside = entity("Component", "outside");
    let pointing = "kind: Location\napiVersion: a/v1\nmetadata: {name: l}\nspec:\n  targets: [../secret.yaml, /dev/zero, \
                    ./pipe.yaml, ../../../../../etc/passwd, ./README.md, ./glob/../*.yaml]\n";
    let folder = CatalogFolder::of(
        &["glob/*.yaml", "l.yaml", "/dev/zero", "linked.yaml", "glob"],
        &[
            ("secret.yaml", &outside),
            ("dir/inner.yaml", &entity("Component", "inner")),
            ("root/glob/a.yaml", &entity("Component", "a")),
            ("root/l.yaml", pointing),
            ("root/README.md", "# hello"),
        ],
    );
    let link = |to: &str, name: &str| symlink(to, folder.path(name)).unwrap();
    link("../../secret.yaml", "glob/out.yaml");
    link("chain.yaml", "glob/chain1.yaml");
    link("out.yaml", "glob/chain.yaml");
    link("nowhere.yaml", "glob/dangling.yaml");
    link("loop.yaml", "glob/loop.yaml");
    link("/dev/zero", "glob/zero.yaml");
    link("../../dir", "glob/dir.yaml");
    link("a.yaml", "glob/same.yaml");
    link("../secret.yaml", "linked.yaml");
    let pipes = [folder.path("pipe.yaml"), folder.path("glob/pipe.yaml")];
    for pipe in &pipes {
        assert!(std::process::Command::new("mkfifo").arg(pipe).status().unwrap().success());
    }
    let snapshot = folder.reload();
    let found = ["component:default/a", "component:default/outside", "location:default/l"];
    // The operator's own `linked.yaml` may lead anywhere; nothing else may.
    assert_eq!(names(&snapshot), found, "{:#?}", faults(&snapshot));
    let messages = faults(&snapshot).join("\n");
    for part in [
        "out.yaml leads out",
        "chain1.yaml leads out",
        "dangling.yaml is a symlink that leads nowhere",
        "loop.yaml is a symlink that leads nowhere",
        "zero.yaml leads out",
        "pipe.yaml is not a regular file",
        "secret.yaml leads out",
        "zero leads out",
        "passwd leads out",
        "files only",
        "zero is not a regular file",
        "glob is a directory",
    ] {
        assert!(messages.contains(part), "{part}: {messages}");
    }
}

#[test]
fn file_replaced_by_a_link_outside_the_directory_is_not_read() {
    let folder = CatalogFolder::of(
        &["glob/*.yaml"],
        &[("root/glob/a.yaml", &entity("Component", "a")), ("secret.yaml", "{}")],
    );
    fs::remove_file(folder.path("glob/a.yaml")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(folder.directory.path().join("secret.yaml"), folder.path("glob/a.yaml"))
        .unwrap();
    check(&folder.reload(), &["component:default/a"], &["a.yaml leads out"]);
}

#[test]
fn number_of_faults_of_one_file_is_bounded() {
    let targets = (0..3000).map(|i| format!("./{i}.yaml,")).collect::<String>();
    let many =
        format!("kind: Location\napiVersion: a/v1\nmetadata: {{name: l}}\nspec: {{targets: [{targets}]}}\n");
    let folder =
        CatalogFolder::of(&["*.yaml"], &[("root/a.yaml", &"---\nx\n".repeat(3000)), ("root/l.yaml", &many)]);
    let snapshot = folder.snapshot();
    assert_eq!((names(&snapshot), snapshot.faults.len()), (vec!["location:default/l".to_owned()], 1001));
    assert_eq!(snapshot.faults[1000].message, "3001 more faults are not listed");
}

#[test]
fn embedded_catalog_takes_precedence() {
    let mut settings =
        CatalogSettings { embedded: vec![("demo.yaml", "kind: [\n---\n{}\n")], ..Default::default() };
    let faults = |settings: &CatalogSettings| {
        let source = open(settings.clone());
        faults(&source.catalog().snapshot())
    };
    assert_eq!(faults(&settings).len(), 2);
    settings.embedded = vec![("demo.yaml", "{apiVersion: a/v1, kind: X, metadata: {name: x}}")];
    assert!(faults(&settings).is_empty());
}

#[test]
fn positions_point_into_annotations() {
    let text = "apiVersion: a/v1\nkind: Component\nmetadata:\n  name: x\n  annotations:\n    \
                prometheus.io/rule: >-\n      up,\n      sum(rate(x[5m]))|job\n";
    let folder = CatalogFolder::of(&["a.yaml"], &[("root/a.yaml", text)]);
    let entity = folder.snapshot().entities[0].clone();
    let annotation = entity.annotations.get("prometheus.io/rule").unwrap();
    assert_eq!(annotation.value, "up, sum(rate(x[5m]))|job");
    let place =
        |offset| annotation.place_of(offset).and_then(|p| p.position).map(|p| (p.line, p.column)).unwrap();
    assert_eq!((place(0), place(4), place(21)), ((7, 7), (8, 7), (8, 24)));
}

#[test]
fn search_ignores_case_and_counts_facets() {
    let team = |name: &str, owner: &str| entity("Component", name).replace("team-a", owner);
    let text = [
        team("Payments", "team-a"),
        team("payouts", "group:Team-A"),
        team("cart", "group:default/team-b"),
        entity("API", "payments-api"),
        entity("API", "nobody")
            .replace("{owner: team-a}", "{}")
            .replace("metadata:", "metadata:\n  namespace: ops"),
    ];
    let folder = CatalogFolder::of(&["all.yaml"], &[("root/all.yaml", &text.join("---\n"))]);
    let search = |filter: Filter| {
        let snapshot = folder.snapshot();
        let found = snapshot.search(&filter, &[]);
        let names: Vec<String> =
            found.rows.iter().map(|row| snapshot.entities[*row as usize].name.clone()).collect();
        (names.join(" "), found)
    };
    let text = |search: &str| Filter { search: search.to_owned(), ..Filter::default() };
    assert_eq!(search(Filter::default()).0, "payments-api nobody cart Payments payouts");
    assert_eq!(search(text("PAY  component")).0, "Payments payouts");
    assert_eq!(search(text("zzz")).0, "");
    let (names, found) =
        search(Filter { owner: Some("Team-A".to_owned()), kind: Some("api".to_owned()), ..text("") });
    assert_eq!(names, "payments-api");
    let count = |facets: &[promenade::catalog::search::Facet]| {
        facets.iter().map(|f| format!("{}={}", f.label, f.count)).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(count(&found.kinds), "api=1 component=2");
    assert_eq!(count(&found.owners), "team-a=1");
    assert_eq!(count(&search(text("")).1.owners), "team-a=3 team-b=1");
    assert_eq!(count(&search(text("")).1.namespaces), "default=4 ops=1");
    assert_eq!(search(Filter { kind: Some("unheard".to_owned()), ..text("") }).0, "");
    assert_eq!(found.owners[0].value, "group:default/team-a");
}

proptest::proptest! {
    /// A damaged file never stops the reading, and every entity that is read is valid.
    #[test]
    fn damaged_catalog_is_read_or_reported(at in 0usize..400, length in 0usize..40, spoilt in "[ -~\n\t\u{e9}\0]{0,12}") {
        let text = [entity("Component", "a"), entity("Location", "b"), entity("API", "c")].join("---\n");
        let (at, end) = (at.min(text.len()), (at + length).min(text.len()));
        let reading = read_text(Path::new("x.yaml"), &format!("{}{spoilt}{}", &text[..at], &text[end..]));
        for entity in &reading.entities {
            let again = EntityRef::parse(&entity.reference.to_string());
            assert_eq!(again.as_ref(), Some(&entity.reference));
        }
        for fault in &reading.faults {
            assert!(fault.message.len() < 1000 && !fault.message.contains(char::is_control), "{fault:?}");
        }
    }
}
