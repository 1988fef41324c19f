//! The portal with a real Backstage, from npm: its catalog as a source, and the packages of `config/backstage` in its apps.
//! `./tests/run backstage` installs and runs it.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that meets the unexpected should stop"
)]

mod backend_plugin;
mod frontend_plugin;
mod looks;
mod portal;
mod running;
mod signed_in;
mod unopened;

use std::fmt::Write as _;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use promenade::catalog::source::{BackstageSource, FileSource, SourceMerger};
use promenade::catalog::{Catalog, CatalogSettings, Entity, EntityRef};
use promenade::clock;
use promenade::metrics::Metrics;
use world::World;

use running::Backstage;

const TOKEN: &str = "t0ken-of-the-portal-0123456789";
const RESTRICTED: &str = "t0ken-of-the-scaffolder-012345";
/// More entities than one page has.
const MANY: usize = 520;

const CATALOG: &str = "
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: Payments-API
  annotations: {prometheus.io/rule: 'up|job', prometheus.io/alert: all}
spec: {type: service, lifecycle: production, owner: team-a, system: checkout}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: payments-api, namespace: shop, description: Of the shop}
spec: {type: service, lifecycle: production, owner: 'group:default/team-a'}
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: team-a}
spec: {type: team, children: []}
---
apiVersion: backstage.io/v1alpha1
kind: System
metadata: {name: checkout}
spec: {owner: team-a, domain: money}
---
apiVersion: backstage.io/v1alpha1
kind: Domain
metadata: {name: money}
spec: {owner: team-a}
";

fn files() -> [(&'static str, String); 2] {
    [("catalog.yaml", CATALOG.to_owned()), ("many.yaml", many())]
}

fn many() -> String {
    (0..MANY).fold(String::new(), |mut text, i| {
        let spec = "{type: service, lifecycle: production, owner: team-a}";
        let head = "---\napiVersion: backstage.io/v1alpha1\nkind: Component\n";
        write!(text, "{head}metadata: {{name: many-{i}}}\nspec: {spec}\n").unwrap();
        text
    })
}

/// Waits until it is true, for up to 90 seconds: Backstage processes entities one after another.
async fn until(backstage: &Backstage, what: &str, mut holds: impl FnMut() -> bool) {
    let since = clock::stopwatch();
    while !holds() {
        assert!(since.elapsed() < Duration::from_secs(90), "{what}\n{}", backstage.log());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn entity(catalog: &Catalog, reference: &str) -> Option<Arc<Entity>> {
    catalog.get(&EntityRef::parse(reference).unwrap())
}

fn relations(catalog: &Catalog, reference: &str) -> Vec<String> {
    let relations = &entity(catalog, reference).unwrap().relations;
    relations.iter().map(|r| format!("{} {}", r.kind, r.target)).collect()
}

fn pages(metrics: &Metrics, outcome: &str) -> u64 {
    let name = format!("promenade_catalog_backstage_pages_total{{outcome=\"{outcome}\"}} ");
    let text = metrics.encode();
    text.lines().find_map(|line| line.strip_prefix(&name)?.parse().ok()).unwrap_or(0)
}

/// Entities and relations arrive, an unchanged catalog costs what `unchanged` says, a change arrives.
async fn a_catalog_is_followed(package: &str, unchanged: &str) {
    // The portal starts first: it must find Backstage when that comes.
    let backstage = Backstage::of_catalog(package, &files());
    let metrics = Metrics::new();
    let joined = SourceMerger::with_backstage(metrics.catalog.clone());
    let catalog = joined.catalog();
    let _files = FileSource::open(CatalogSettings::default(), joined.clone(), clock::now());
    let settings = backstage.settings(Some(TOKEN));
    let _source = BackstageSource::start(settings, joined, metrics.backstage.clone()).unwrap();
    let has = |reference: &str| entity(&catalog, reference).is_some();
    until(&backstage, "all entities", || {
        let components = catalog.snapshot().entities.iter().filter(|e| e.name.starts_with("many-")).count();
        components == MANY && has("component:default/payments-api") && has("component:shop/payments-api")
    })
    .await;
    assert_eq!(catalog.snapshot().faults, []);

    until(&backstage, "relations", || {
        let parts = ["system:default/checkout", "domain:default/money"].map(|r| relations(&catalog, r));
        parts[0].contains(&"hasPart component:default/payments-api".to_owned())
            && parts[1].contains(&"hasPart system:default/checkout".to_owned())
            && relations(&catalog, "group:default/team-a").len() == MANY + 4
    })
    .await;
    let team = relations(&catalog, "group:default/team-a");
    for owned in ["component:default/payments-api", "component:shop/payments-api", "domain:default/money"] {
        assert!(team.contains(&format!("ownerOf {owned}")), "{owned}");
    }
    let payments = entity(&catalog, "component:DEFAULT/PAYMENTS-api").unwrap();
    assert_eq!((payments.name.as_str(), payments.owner()), ("Payments-API", Some("team-a")));
    assert_eq!(payments.annotation("prometheus.io/rule"), Some("up|job"));
    assert!(payments.annotations.contains_key("backstage.io/managed-by-location"), "kept whole");
    let theirs = entity(&catalog, "component:shop/payments-api").unwrap();
    assert_eq!(theirs.description.as_deref(), Some("Of the shop"));

    // Quiet, Backstage answers as before.
    let (mut read, mut at_rest) = (0, 0);
    until(&backstage, "rest", || {
        let now = pages(&metrics, "read");
        if now != read {
            (read, at_rest) = (now, pages(&metrics, unchanged));
        }
        pages(&metrics, unchanged) >= at_rest + 6
    })
    .await;
    let changed = CATALOG.replace("up|job", "up|instance");
    fs::write(backstage.directory.path().join("catalog.yaml"), changed).unwrap();
    until(&backstage, "the change", || {
        let payments = entity(&catalog, "component:default/payments-api");
        payments.is_some_and(|e| e.annotation("prometheus.io/rule") == Some("up|instance"))
    })
    .await;
    println!(
        "{package}: {} pages read, {} unchanged (304), {} the same bytes",
        pages(&metrics, "read"),
        pages(&metrics, "unchanged"),
        pages(&metrics, "same")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn current_backstage_is_followed_by_comparing_bytes() {
    a_catalog_is_followed("@backstage/plugin-catalog-backend", "same").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn backstage_with_etags_is_followed_by_etags() {
    a_catalog_is_followed("plugin-catalog-backend-with-etags", "unchanged").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_token_has_its_own_message() {
    let backstage = Backstage::of_catalog("@backstage/plugin-catalog-backend", &files());
    let cases = [
        (None, "Backstage asks for a token (401)"),
        (Some("wr0ng-token-of-nobody-0123456"), "does not know the token"),
        (Some(RESTRICTED), "it is restricted to other plugins"),
        (Some(TOKEN), "entities, as of"),
    ];
    for (token, expected) in cases {
        let settings = backstage.settings(token);
        let world = World::with("", |all| {
            all.catalog.files.clear();
            all.catalog.backstage = Some(settings);
        })
        .await;
        let since = clock::stopwatch();
        loop {
            let status = world.get("/status").await.text().to_owned();
            if status.contains(expected) {
                break;
            }
            assert!(since.elapsed() < Duration::from_secs(60), "{expected}: {status}\n{}", backstage.log());
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        assert_eq!(world.get("/readyz").await.status, 200);
    }
}
