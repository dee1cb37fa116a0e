//! The OpenAPI document and the page made of it.

use std::path::Path;

use crate::command_line::{stdout, tidemark};
use crate::support::{Folder, Instance};

/// `docs/openapi.json` is what the service answers. After a change: `TIDEMARK_BLESS=1 cargo test -p server openapi`.
#[tokio::test]
async fn the_committed_document_is_current() {
    let document = Instance::new().send("GET", "/openapi.json", None).await.json();
    let current = serde_json::to_string_pretty(&document).unwrap() + "\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    if std::env::var_os("TIDEMARK_BLESS").is_some() {
        std::fs::write(&path, &current).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == current, "docs/openapi.json is old; TIDEMARK_BLESS=1 cargo test -p server openapi renews it");
}

#[tokio::test]
async fn the_schema_of_reports_is_there_for_everyone() {
    let answer = Instance::new().send("GET", "/report.schema.json", None).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/schema+json"));
    assert_eq!(answer.text, tidemark::report::JSON_SCHEMA);
    let folder = Folder::new();
    assert_eq!(stdout(&tidemark(&folder, &["schema"])), tidemark::report::JSON_SCHEMA);
}

#[tokio::test]
async fn every_operation_can_be_read_about() {
    let instance = Instance::new();
    let document = instance.send("GET", "/openapi.json", None).await.json();
    assert_eq!(document["openapi"], "3.1.0");
    let page = instance.send("GET", "/docs", None).await;
    assert_eq!(page.status, 200);
    assert!(page.header("content-security-policy").contains("script-src 'self'"), "nothing from elsewhere");
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            assert!(page.text.contains(&format!("data-method=\"{method}\" data-path=\"{path}\"")), "{method} {path}");
            assert!(operation["tags"][0].is_string() && operation["summary"].is_string(), "{method} {path}");
            assert!(operation["operationId"].is_string(), "{method} {path}");
        }
    }
}
