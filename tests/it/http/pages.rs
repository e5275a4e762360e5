use crate::support::app::App;

const BUILT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/web/dist/console/index.html");

#[tokio::test]
async fn a_page_runs_nothing_but_our_own_files_and_only_the_widget_is_framed() {
    let app = App::with(|server| {
        server.settings.demo = true;
        server.settings.allowed_origins = vec!["https://shop.example".to_owned()];
    })
    .await;
    for (path, ancestors) in [
        ("/", "'none'"),
        ("/console", "'none'"),
        ("/console/conversations/x", "'none'"),
        ("/widget/", "'self' https://shop.example"),
    ] {
        let page = app.get(path).send().await;
        let policy = page.header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'")
                && policy.contains("script-src 'self';")
                && policy.contains("style-src 'self';"),
            "{path}: {policy}"
        );
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert!(policy.ends_with(&format!("frame-ancestors {ancestors}")), "{path}: {policy}");
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        assert_eq!(page.header("x-frame-options"), if path == "/widget/" { "" } else { "DENY" });
        assert!(page.header("content-type").starts_with("text/html"));
    }
    let anywhere = App::asleep().await;
    assert!(
        anywhere
            .get("/widget/")
            .send()
            .await
            .header("content-security-policy")
            .ends_with("frame-ancestors *")
    );
}

#[tokio::test]
async fn without_the_demo_the_front_door_is_the_console() {
    let app = App::asleep().await;
    let front = app.get("/").send().await;
    assert_eq!((front.status.as_u16(), front.header("location")), (307, "/console"));
    assert_eq!(app.get("/demo/assets/x.js").send().await.status, 404);
}

#[tokio::test]
async fn other_sites_may_load_the_loader_and_nothing_else() {
    let app = App::asleep().await;
    assert_eq!(app.get("/widget.js").send().await.header("cross-origin-resource-policy"), "cross-origin");
    for path in ["/console", "/widget/", "/api/v1/openapi.json", "/chat/v1/events", "/healthz", "/nowhere"] {
        assert_eq!(
            app.get(path).send().await.header("cross-origin-resource-policy"),
            "same-origin",
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_file_that_is_not_there_is_not_a_page() {
    let app = App::asleep().await;
    for path in [
        "/console/assets/none.js",
        "/widget/assets/none.css",
        "/widget/../../Cargo.toml",
        "/widget/..%2f..%2fCargo.toml",
        "/console/assets/..%2f..%2f..%2fCargo.toml",
    ] {
        let answer = app.get(path).send().await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(!answer.text().contains("[package]"), "{path}");
    }
}

#[tokio::test]
async fn built_pages_are_cached_by_what_they_are() {
    let app = App::asleep().await;
    let page = app.get("/console").send().await;
    if !std::path::Path::new(BUILT).exists() {
        // A binary without front ends says so, and how to get them.
        assert_eq!(page.status, 503);
        assert!(page.text().contains("npm"));
        eprintln!("pages: web/dist is not built here; only the page that says so was tested");
        return;
    }
    assert_eq!((page.status.as_u16(), page.header("cache-control")), (200, "no-cache"));
    let tag = page.header("etag").to_owned();
    let again = app.get("/console").header("if-none-match", &format!("W/{tag}")).send().await;
    assert_eq!((again.status.as_u16(), again.body.len()), (304, 0));
    let text = page.text();
    let script = text
        .split('"')
        .find(|part| part.starts_with("/console/assets/") && part.ends_with(".js"))
        .expect("a script");
    let asset = app.get(script).header("accept-encoding", "gzip").send().await;
    assert_eq!(asset.header("cache-control"), "public, max-age=31536000, immutable");
    assert!(asset.header("content-type").starts_with("text/javascript"));
    assert_eq!(asset.header("content-encoding"), "gzip");
}

#[tokio::test]
async fn over_tls_browsers_are_told_to_stay_there() {
    let plain = App::asleep().await;
    assert_eq!(plain.get("/healthz").send().await.header("strict-transport-security"), "");
    let secure = App::with(|server| server.settings.public_url = "https://desk.example".to_owned()).await;
    assert_eq!(secure.get("/healthz").send().await.header("strict-transport-security"), "max-age=31536000");
}
