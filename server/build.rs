//! Tells cargo to look at the embedded site again when it was built anew.

fn main() {
    println!("cargo::rerun-if-changed=../target/site/version.txt");
}
