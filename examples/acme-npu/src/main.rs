//! The `thumbwright` command with the accelerator: `acme-npu compile model.tflite --target cortex-m55 --with acme-npu`.

fn main() -> std::process::ExitCode {
    thumbwright::cli::main_with(acme_npu::register)
}
