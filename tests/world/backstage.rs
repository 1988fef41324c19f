//! A scripted Backstage catalog: it answers `entities/by-query` in the forms that real versions send.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use promenade::catalog::BackstageSettings;
use serde_json::{Value, json};

use super::upstream::{Reply, Request, Upstream};

pub const TOKEN: &str = "t0ken-of-the-portal-0123456789";
/// A token that is restricted to other plugins.
pub const RESTRICTED: &str = "t0ken-of-the-scaffolder-012345";

#[derive(Default)]
struct Script {
    entities: Vec<Value>,
    /// As catalog-backend 4.0.0 does for answers with `fields`; 4.0.1 and later send none.
    etags: bool,
    /// Answers every page in the catalog's place.
    fault: Option<Reply>,
}

/// Dropping it closes every connection.
pub struct Backstage {
    pub upstream: Upstream,
    script: Arc<Mutex<Script>>,
}

impl Backstage {
    pub async fn start(entities: Vec<Value>) -> Self {
        Self::start_at("127.0.0.1:0", entities).await
    }

    pub async fn start_at(address: &str, entities: Vec<Value>) -> Self {
        let upstream = Upstream::start_at(address.parse().unwrap()).await;
        let script = Arc::new(Mutex::new(Script { entities, etags: true, fault: None }));
        let answering = script.clone();
        upstream.on_any(Reply::computed(move |request| answering.lock().unwrap().answer(request)));
        Self { upstream, script }
    }

    pub fn settings(&self) -> BackstageSettings {
        BackstageSettings {
            base_url: format!("http://{}", self.upstream.address).parse().unwrap(),
            token: Some(TOKEN.to_owned().into()),
            interval: Duration::from_millis(100),
        }
    }

    pub fn set(&self, entities: Vec<Value>) {
        self.script.lock().unwrap().entities = entities;
    }

    pub fn send_no_etags(&self) {
        self.script.lock().unwrap().etags = false;
    }

    pub fn fail(&self, reply: Reply) {
        self.script.lock().unwrap().fault = Some(reply);
    }

    pub fn mend(&self) {
        self.script.lock().unwrap().fault = None;
    }
}

impl Script {
    fn answer(&self, request: &Request) -> Reply {
        if let Some(fault) = &self.fault {
            return fault.clone();
        }
        if !request.path.starts_with("/api/catalog/entities/by-query?") {
            return error(404, "NotFoundError", "");
        }
        match request.header("authorization").and_then(|v| v.strip_prefix("Bearer ")) {
            Some(TOKEN) => self.page(request),
            Some(RESTRICTED) => {
                error(403, "NotAllowedError", "This token's access is restricted to plugin(s) 'scaffolder'")
            }
            Some(_) => error(401, "AuthenticationError", "Illegal token"),
            None => error(401, "AuthenticationError", "Missing credentials"),
        }
    }

    fn page(&self, request: &Request) -> Reply {
        let limit: usize = request.form("limit").unwrap().parse().unwrap();
        // A real cursor is base64 of JSON with the order, the last row and the total.
        let first = request.form("cursor").map_or(Ok(0), |c| c.split('=').next().unwrap_or_default().parse());
        // That of a fault, which ended while the portal read on.
        let Ok(first) = first else { return error(400, "InputError", "Malformed cursor") };
        let items: Vec<&Value> = self.entities.iter().skip(first).take(limit).collect();
        let total = self.entities.len();
        let mut info = json!({});
        if first + items.len() < total {
            info["nextCursor"] = json!(format!("{}={total}", first + items.len()));
        }
        let body = json!({"items": items, "totalItems": total, "pageInfo": info}).to_string();
        let json = ("Content-Type", "application/json; charset=utf-8");
        if !self.etags {
            return Reply::http(200, &[json], body);
        }
        let mut hasher = DefaultHasher::new();
        body.hash(&mut hasher);
        let etag = format!("W/\"{:x}-{:x}\"", body.len(), hasher.finish());
        if request.header("if-none-match") == Some(&etag) {
            return Reply::http(304, &[("ETag", &etag)], "");
        }
        Reply::http(200, &[json, ("ETag", &etag)], body)
    }
}

fn error(status: u16, name: &str, message: &str) -> Reply {
    let body = json!({
        "error": {"name": name, "message": message},
        "request": {"method": "GET", "url": "/entities/by-query"},
        "response": {"statusCode": status},
    });
    Reply::json(status, &body)
}

/// A component as the real catalog sends it.
pub fn component(name: &str) -> Value {
    json!({
        "kind": "Component",
        "metadata": {
            "namespace": "default",
            "annotations": {
                "backstage.io/managed-by-location": "file:/catalog/all.yaml",
                "backstage.io/managed-by-origin-location": "file:/catalog/all.yaml",
            },
            "name": name,
            "uid": "f9c875bb-256b-48ff-a613-d0e780972b27",
            "etag": "f833a24ea66643337160f8f3d92c9635e9f64a74",
        },
        "spec": {"type": "service", "lifecycle": "production", "owner": "team-a", "system": "checkout"},
        "relations": [
            {"type": "ownedBy", "targetRef": "group:default/team-a"},
            {"type": "partOf", "targetRef": "system:default/checkout"},
        ],
        "apiVersion": "backstage.io/v1alpha1",
    })
}

/// The same, with a graph to show.
pub fn with_graph(name: &str, rule: &str) -> Value {
    let mut entity = component(name);
    entity["metadata"]["annotations"]["prometheus.io/rule"] = json!(rule);
    entity
}

pub fn many(count: usize) -> Vec<Value> {
    (0..count).map(|i| component(&format!("c-{i:06}"))).collect()
}
