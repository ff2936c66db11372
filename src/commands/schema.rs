//! `sendplan schema`: the JSON Schemas, as they are published in `schemas/`.

use super::Outcome;
use super::exit::Code;
use super::terminal::Terminal;
use crate::cli::{Schema, SchemaFormat, SchemaName};
use crate::report::reference;

pub fn run(args: &Schema, terminal: &Terminal) -> Outcome {
    let schema = match args.name {
        SchemaName::Campaign => crate::campaign::schema(),
        SchemaName::Provider => crate::provider::schema(),
        SchemaName::Plan => crate::approval::schema(),
    };
    terminal.data(&match args.format {
        SchemaFormat::Json => format!("{schema:#}\n"),
        SchemaFormat::Markdown => reference::markdown(&schema),
    });
    Ok(Code::Done)
}
