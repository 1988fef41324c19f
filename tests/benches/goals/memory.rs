//! Resident memory of the program for samples that it keeps.

use tempfile::TempDir;
use world::catalog::{Entity, catalog};
use world::load::rough;
use world::program::Program;
use world::upstream::Upstream;
use world::{Reply, client};

use crate::{SERIES, print};

const GRAPHS: usize = 60;

pub async fn measure() {
    let upstream = Upstream::start().await;
    upstream.on_any(rough(SERIES));
    let directory = TempDir::new().unwrap();
    let entity = |i: usize| Entity::component(&format!("w{i}")).rule(&format!("load{i}|instance"));
    let config = format!(
        "proxy: {{endpoints: {{/prometheus/api: '{}'}}}}\n\
         catalog: {{locations: [{{type: file, target: ./catalog.yaml}}]}}\n",
        upstream.api()
    );
    let entities = catalog((0..GRAPHS).map(entity)).to_string();
    std::fs::write(directory.path().join("catalog.yaml"), entities).unwrap();
    std::fs::write(directory.path().join("app-config.yaml"), config).unwrap();
    let program = Program::start(|p| {
        p.args(["--log-format", "json", "serve", "--listen", "127.0.0.1:0", "--config"])
            .arg(directory.path().join("app-config.yaml"))
            .env("RUST_LOG", "info")
    });
    program.until("\"message\":\"serving\"", 1).await;
    let text = program.output();
    let address = text.split("\"address\":\"").nth(1).unwrap().split('"').next().unwrap();
    let (client, before, mut points) = (client(), resident(&program), 0);
    for i in 0..GRAPHS {
        let path = format!("/catalog/default/component/w{i}/graphs/1.json?range=24h&step=60");
        let reply = Reply::read(client.get(format!("http://{address}{path}")).send().await.unwrap()).await;
        let json = reply.json();
        let series = json["series"].as_array().unwrap();
        points += series.iter().map(|one| one["values"].as_array().unwrap().len()).sum::<usize>();
    }
    let after = resident(&program);
    print(
        "resident memory, a point",
        "<= 18 B",
        &format!(
            "{:.1} B: {points} points, {} MiB before and {} MiB with them",
            (after - before) as f64 / points as f64,
            before >> 20,
            after >> 20
        ),
    );
}

/// In bytes.
fn resident(program: &Program) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", program.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() << 10
}
