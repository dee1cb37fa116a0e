//! Requests of the store's client, made by the HTTP client of everything else here.

use async_trait::async_trait;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody, HttpService,
};
use std::io::ErrorKind;
use std::time::Duration;
use ureq::Agent;

/// A server that is silent for so long is not waited for. Bodies are ranges of some megabytes.
const CONNECT: Duration = Duration::from_secs(5);
const HEADERS: Duration = Duration::from_secs(20);
const BODY: Duration = Duration::from_secs(120);

#[derive(Debug)]
pub(crate) struct Connector;

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        // AWS_ALLOW_HTTP is the only option of it that means something here.
        let allows_http = options.get_config_value(&object_store::ClientConfigKey::AllowHttp);
        let config = Agent::config_builder()
            .https_only(allows_http.as_deref() != Some("true"))
            .http_status_as_error(false)
            // A signature holds for one address.
            .max_redirects(0)
            .timeout_connect(Some(CONNECT))
            .timeout_recv_response(Some(HEADERS))
            .timeout_recv_body(Some(BODY))
            .build();
        Ok(HttpClient::new(Service(config.into())))
    }
}

#[derive(Debug)]
struct Service(Agent);

#[async_trait]
impl HttpService for Service {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let failed = |error: ureq::Error| HttpError::new(kind(&error), error);
        let (parts, body) = request.into_parts();
        let response = match body.as_bytes() {
            Some(bytes) if !bytes.is_empty() => {
                self.0.run(ureq::http::Request::from_parts(parts, bytes.to_vec())).map_err(failed)?
            }
            _ => self.0.run(ureq::http::Request::from_parts(parts, ())).map_err(failed)?,
        };
        let (parts, mut body) = response.into_parts();
        // As much as was asked for: no page of a listing and no range of a file that is read here is endless.
        let bytes = body.with_config().limit(u64::MAX).read_to_vec().map_err(failed)?;
        Ok(HttpResponse::from_parts(parts, HttpResponseBody::from(bytes)))
    }
}

/// Which of the failures a second try may help against.
fn kind(error: &ureq::Error) -> HttpErrorKind {
    match error {
        ureq::Error::HostNotFound | ureq::Error::ConnectionFailed => HttpErrorKind::Connect,
        ureq::Error::Timeout(_) => HttpErrorKind::Timeout,
        ureq::Error::Io(error) => match error.kind() {
            ErrorKind::ConnectionRefused => HttpErrorKind::Connect,
            ErrorKind::TimedOut | ErrorKind::WouldBlock => HttpErrorKind::Timeout,
            _ => HttpErrorKind::Interrupted,
        },
        ureq::Error::Protocol(_) => HttpErrorKind::Interrupted,
        _ => HttpErrorKind::Unknown,
    }
}
