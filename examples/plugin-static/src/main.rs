//! The `thumbwright` command with what Acme adds.

fn main() -> std::process::ExitCode {
    thumbwright::cli::main_with(acme_thumbwright::register)
}
