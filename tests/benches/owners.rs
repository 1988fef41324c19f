//! The time to find the entity of an alert among 100,000 entities, and the memory of the index.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that meets the unexpected should stop"
)]

use std::fs;
use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use promenade::annotations::{ALERT, LABELS, MonitoringSpec, SERVICE_NAME};
use promenade::catalog::{Entity, EntityRef, Snapshot};
use promenade::monitoring::alert_index::AlertIndex;
use promenade::monitoring::routing::{self, RoutingInput, RoutingSettings};
use promenade::prometheus::{InstanceName, Labels};

const ENTITIES: usize = 100_000;

/// As in real catalogs: one name for all, distinguished by a matcher; unique names; alternatives, prefixes and other
/// regexes; a few for `all`.
fn entity(i: usize) -> Arc<Entity> {
    let (alert, labels) = match i % 20 {
        0..12 => {
            ("HighErrorRate,HighLatency,Saturated".to_owned(), format!("service=service-{i},severity!=none"))
        }
        12..14 => (format!("Own{i},HighErrorRate"), format!("service=~\"service-{i}|worker-{i}\"")),
        14 => ("HighErrorRate".to_owned(), format!("pod=~\"service-{i}-.*\"")),
        15 => ("HighErrorRate".to_owned(), format!("pod=~\"service-{i}-[a-z0-9]+-[a-z0-9]+\"")),
        16..18 => (String::new(), format!("service=service-{i},severity=~\"critical|page\"")),
        18 => (format!("Own{i}"), String::new()),
        _ if i % 1000 == 19 => ("all".to_owned(), "namespace=~\"team-.*\",severity=critical".to_owned()),
        _ => ("all".to_owned(), format!("namespace=team-{}", i / 50)),
    };
    let service = format!("instance-{}", i % 3);
    with_annotations(i, [(ALERT, alert), (LABELS, labels), (SERVICE_NAME, service)])
}

fn with_annotations(i: usize, annotations: [(&str, String); 3]) -> Arc<Entity> {
    let name = format!("entity-{i}");
    let reference = EntityRef::new("component", "default", &name).unwrap();
    let named = Entity::new(reference, "Component", "backstage.io/v1alpha1", name);
    let annotations = annotations.into_iter().filter(|(_, value)| !value.is_empty());
    Arc::new(Entity { annotations: annotations.collect(), ..named })
}

fn resident_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn lookup(criterion: &mut Criterion) {
    let snapshot = Arc::new(Snapshot::new((0..ENTITIES).map(entity)));
    let before = resident_kib();
    let owners = AlertIndex::of(snapshot.clone());
    println!(
        "index of {} owners: {} MiB resident",
        owners.len(),
        resident_kib().saturating_sub(before) / 1024
    );
    let known = (0..3).map(|i| InstanceName::new(&format!("instance-{i}"))).collect();
    let settings = RoutingSettings { known, ..RoutingSettings::default() };
    // With the instance of each entity, as in a request.
    let found = |labels: &Labels| {
        let found = owners.search().find(labels);
        let routed = found.iter().map(|owning| {
            let spec = MonitoringSpec::of_alerts(&owning.entity);
            routing::choose(&settings, &owning.entity, spec.service_name.as_deref(), &RoutingInput::default())
                .unwrap()
        });
        routed.count()
    };
    let alert = |name: &str, service: usize| -> Labels {
        let service = format!("service-{service}");
        let pod = format!("{service}-7d9f-xyz");
        [
            ("alertname", name),
            ("service", service.as_str()),
            ("severity", "critical"),
            ("namespace", "team-7"),
            ("instance", "10.0.0.1:9100"),
            ("pod", pod.as_str()),
            ("cluster", "eu-1"),
            ("job", "kubelet"),
        ]
        .into_iter()
        .collect()
    };
    for (name, labels) in [
        ("a name that all have", alert("HighErrorRate", 50_001)),
        ("a name of its own", alert("Own50012", 50_012)),
        ("the beginning of a label", alert("HighErrorRate", 50_014)),
        ("a regex", alert("HighErrorRate", 50_015)),
        ("no owner but by labels", alert("Nobody", 50_017)),
    ] {
        println!("{name}: {} found", found(&labels));
        criterion.bench_function(name, |b| b.iter(|| black_box(found(black_box(&labels)))));
    }
    let mut group = criterion.benchmark_group("index");
    group.sample_size(10);
    group.bench_function("made anew", |b| b.iter(|| AlertIndex::of(black_box(snapshot.clone()))));
    let read = |entity: &Arc<Entity>| black_box(MonitoringSpec::of_alerts(entity));
    group.bench_function("annotations read", |b| {
        b.iter(|| snapshot.entities.iter().for_each(|entity| drop(read(entity))));
    });
    group.finish();
}

/// As the attack on `/go` has it: two regexes of its own for each entity, and 100 alerts of one name.
fn distinct_regexes(criterion: &mut Criterion) {
    let chosen = |i: usize| {
        let labels = format!("x=~\"(a|b){{1,{}}}.*{i}.[^c]{{3}}\",y!~\"z{i}.?.?\"", i % 50 + 1);
        with_annotations(i, [(ALERT, String::new()), (LABELS, labels), (SERVICE_NAME, String::new())])
    };
    // No digit of its number narrows down the entity.
    let without_text = |i: usize| {
        let labels = format!("x=~\"[a-z]{{1,{}}}-?.*[0-9]{{1,{}}}.?\"", i % 50 + 1, i / 50 + 1);
        with_annotations(i, [(ALERT, String::new()), (LABELS, labels), (SERVICE_NAME, String::new())])
    };
    let of = |make: &dyn Fn(usize) -> Arc<Entity>| Arc::new(Snapshot::new((0..3_000).map(make)));
    let alerts: Vec<Labels> = (0..100)
        .map(|i| {
            let x = format!("{}{i}", "abab".repeat(5));
            [("alertname", "A"), ("x", x.as_str()), ("y", "q")].into_iter().collect()
        })
        .collect();
    let mut group = criterion.benchmark_group("3,000 entities of two regexes, 100 alerts");
    group.sample_size(10);
    for (name, snapshot) in
        [("found", of(&chosen)), ("found without a text that all contain", of(&without_text))]
    {
        let before = resident_kib();
        let owners = AlertIndex::of(snapshot.clone());
        println!("{name}: {} MiB resident", resident_kib().saturating_sub(before) / 1024);
        group.bench_function(name, |b| {
            b.iter(|| {
                let mut lookup = owners.search();
                alerts.iter().map(|labels| lookup.find(black_box(labels)).len()).sum::<usize>()
            });
        });
    }
    let snapshot = of(&chosen);
    group.bench_function("index made anew", |b| b.iter(|| AlertIndex::of(black_box(snapshot.clone()))));
    group.finish();
}

criterion_group!(benches, lookup, distinct_regexes);
criterion_main!(benches);
