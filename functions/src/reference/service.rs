//! What is said of the service itself.

use app::error::Error;
use platform::api::view::HealthView;

use super::{
    operation::{Operation, Title},
    samples::Samples,
};

pub(super) const TAG: &str = "Service";

pub(super) fn operations(samples: &Samples) -> Vec<Operation> {
    vec![health(samples), docs(samples)]
}

fn health(samples: &Samples) -> Operation {
    let title = Title {
        function: "health",
        tag: TAG,
        summary: "Ask whether the service runs",
        description: "With a key, it also says that the key could be read. Query parameters are ignored.",
    };
    let view = HealthView {
        status: "healthy",
        version: env!("CARGO_PKG_VERSION"),
        timestamp: samples.now.to_string(),
    };
    Operation::new(title).answering("healthy", &view, samples)
}

fn docs(samples: &Samples) -> Operation {
    let title = Title {
        function: "get-docs",
        tag: TAG,
        summary: "Read this reference",
        description: "The page, the files it is made of, and this document as `openapi.json`. Query parameters are \
            ignored.",
    };
    let files = &["application/json", "text/css", "text/javascript"];
    Operation::new(title)
        .serving("text/html", files)
        .refusing([Error::NotFound("document")], samples)
}
