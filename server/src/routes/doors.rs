//! Which role opens which address: one table, made from what each route declares.

use axum::http::Method;
use serde_json::Value;
use std::collections::HashMap;

use super::openapi::METHODS;
use crate::keys::Role;

/// Who may pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// Everyone: probes, the sign-in page, style sheets.
    Open,
    /// Keys of any of these roles. Administrators may do everything.
    Roles(Vec<Role>),
}

impl Access {
    /// Whether a key of this role may pass.
    pub fn allows(&self, role: Role) -> bool {
        match self {
            Self::Open => true,
            Self::Roles(roles) => role == Role::Admin || roles.contains(&role),
        }
    }
}

/// An address, a method and who may use them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Door {
    /// The address as the router knows it: `/reports/{id}`.
    pub path: String,
    /// The method.
    pub method: Method,
    /// Who may pass.
    pub access: Access,
}

/// The table. A door's place in it is the number of its metrics.
#[derive(Debug, Clone)]
pub struct Doors {
    doors: Vec<Door>,
    places: HashMap<String, Vec<(Method, usize)>>,
}

/// What pages and browsers use, which the OpenAPI document does not describe.
const PAGES: [(&str, Method, Option<Role>); 52] = [
    ("/", Method::GET, Some(Role::Read)),
    ("/models", Method::GET, Some(Role::Read)),
    ("/reports", Method::GET, Some(Role::Read)),
    ("/reports/{id}", Method::GET, Some(Role::Read)),
    ("/reports/{id}/since/{earlier}", Method::GET, Some(Role::Read)),
    ("/change", Method::GET, Some(Role::Read)),
    ("/windows", Method::GET, Some(Role::Read)),
    ("/quality", Method::GET, Some(Role::Read)),
    ("/monitors", Method::GET, Some(Role::Read)),
    ("/new-monitor", Method::GET, Some(Role::Read)),
    ("/monitors/{name}", Method::GET, Some(Role::Read)),
    ("/monitors/{name}/edit", Method::GET, Some(Role::Read)),
    ("/alerts", Method::GET, Some(Role::Read)),
    ("/shares", Method::GET, Some(Role::Read)),
    ("/keys", Method::GET, Some(Role::Admin)),
    ("/keys", Method::POST, Some(Role::Admin)),
    ("/performance", Method::GET, Some(Role::Read)),
    ("/detectors", Method::GET, Some(Role::Read)),
    ("/styleguide", Method::GET, Some(Role::Read)),
    ("/compare", Method::GET, Some(Role::Read)),
    ("/events", Method::GET, Some(Role::Read)),
    ("/api/overview", Method::POST, Some(Role::Read)),
    ("/api/models", Method::POST, Some(Role::Read)),
    ("/api/report", Method::POST, Some(Role::Read)),
    ("/api/places", Method::POST, Some(Role::Read)),
    ("/api/report_text", Method::POST, Some(Role::Read)),
    ("/api/check_now", Method::POST, Some(Role::Admin)),
    ("/api/quality", Method::POST, Some(Role::Read)),
    ("/api/windows", Method::POST, Some(Role::Read)),
    ("/api/windows_text", Method::POST, Some(Role::Read)),
    ("/api/performance", Method::POST, Some(Role::Read)),
    ("/api/detectors", Method::POST, Some(Role::Read)),
    ("/api/change", Method::POST, Some(Role::Read)),
    ("/api/monitors", Method::POST, Some(Role::Read)),
    ("/api/monitor", Method::POST, Some(Role::Read)),
    ("/api/monitor_form", Method::POST, Some(Role::Read)),
    ("/api/preview_monitor", Method::POST, Some(Role::Admin)),
    ("/api/alerts", Method::POST, Some(Role::Read)),
    ("/api/shares", Method::POST, Some(Role::Read)),
    ("/api/keys", Method::POST, Some(Role::Admin)),
    ("/api/save_monitor", Method::POST, Some(Role::Admin)),
    ("/api/remove_monitor", Method::POST, Some(Role::Admin)),
    ("/api/acknowledge", Method::POST, Some(Role::Admin)),
    ("/api/mute", Method::POST, Some(Role::Admin)),
    ("/api/test_channel", Method::POST, Some(Role::Admin)),
    ("/api/share", Method::POST, Some(Role::Admin)),
    ("/api/revoke_share", Method::POST, Some(Role::Admin)),
    ("/sign-in", Method::GET, None),
    ("/sign-in", Method::POST, None),
    ("/sign-out", Method::POST, None),
    ("/docs.js", Method::GET, None),
    ("/docs.css", Method::GET, None),
];

impl Doors {
    /// The doors of the OpenAPI document's operations, then those of the pages.
    pub(super) fn of(document: &Value) -> Self {
        let mut doors = Vec::new();
        for (path, item) in document["paths"].as_object().into_iter().flatten() {
            for method in METHODS {
                let Some(operation) = item.get(method) else { continue };
                let method = Method::from_bytes(method.to_uppercase().as_bytes()).expect("METHODS are methods");
                doors.push(Door { path: path.clone(), method, access: declared(operation) });
            }
        }
        doors.extend(PAGES.map(|(path, method, role)| Door {
            path: path.to_owned(),
            method,
            access: role.map_or(Access::Open, |role| Access::Roles(vec![role])),
        }));
        let mut places: HashMap<String, Vec<(Method, usize)>> = HashMap::new();
        for (place, door) in doors.iter().enumerate() {
            places.entry(door.path.clone()).or_default().push((door.method.clone(), place));
        }
        Self { doors, places }
    }

    /// The place of the door at this address, as the router matched it. A question about a page's head is one about
    /// the page.
    pub fn find(&self, path: &str, method: &Method) -> Option<usize> {
        let methods = self.places.get(path)?;
        let method = if method == Method::HEAD { &Method::GET } else { method };
        methods.iter().find(|(known, _)| known == method).map(|(_, place)| *place)
    }

    /// All of them, in the order of their places.
    pub fn all(&self) -> &[Door] {
        &self.doors
    }
}

/// What an operation's `security` says. One that says nothing is for administrators.
fn declared(operation: &Value) -> Access {
    let mut roles = Vec::new();
    for requirement in operation["security"].as_array().into_iter().flatten() {
        match requirement.get("key").and_then(Value::as_array) {
            Some(names) => {
                roles.extend(names.iter().filter_map(|name| name.as_str()?.parse::<Role>().ok()));
            }
            None => return Access::Open,
        }
    }
    Access::Roles(roles)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_operation_that_declares_nothing_is_for_administrators() {
        let access = declared(&json!({}));
        assert!(access.allows(Role::Admin));
        for role in [Role::Predict, Role::Ingest, Role::Read] {
            assert!(!access.allows(role), "{role}");
        }
    }

    #[test]
    fn a_declared_role_passes_and_others_do_not() {
        let access = declared(&json!({ "security": [{ "key": ["predict"] }] }));
        assert!(access.allows(Role::Predict) && access.allows(Role::Admin));
        assert!(!access.allows(Role::Read) && !access.allows(Role::Ingest));
        assert_eq!(declared(&json!({ "security": [{}] })), Access::Open);
    }

    #[test]
    fn what_is_said_of_get_holds_for_head() {
        let doors = Doors::of(&json!({ "paths": { "/x": { "get": {} } } }));
        assert_eq!(doors.find("/x", &Method::HEAD), doors.find("/x", &Method::GET));
        assert_eq!(doors.find("/x", &Method::POST), None);
    }
}
