import ReelSystem

/// nginx as its manual has it for static files, one worker process a core.
struct Nginx {
    private let child: Child

    /// - Parameter directory: absolute or below the current one; `www` in it is served.
    init(directory: String, port: Int) throws {
        let root =
            try Child.text(["realpath", directory], scratch: "\(directory)/realpath.txt")
            .split(separator: "\n").first.map(String.init) ?? directory
        let configuration = """
            daemon off;
            user root;
            worker_processes auto;
            pid \(root)/nginx.pid;
            error_log \(root)/nginx.log;
            events { worker_connections 1024; }
            http {
                access_log off;
                sendfile on;
                tcp_nopush on;
                keepalive_requests 1000000000;
                open_file_cache max=100;
                default_type application/json;
                client_body_temp_path \(root)/nginx-body;
                proxy_temp_path \(root)/nginx-proxy;
                fastcgi_temp_path \(root)/nginx-fastcgi;
                uwsgi_temp_path \(root)/nginx-uwsgi;
                scgi_temp_path \(root)/nginx-scgi;
                server {
                    listen 127.0.0.1:\(port);
                    root \(root)/www;
                    gzip_static on;
                }
            }
            """
        try SmallFile.createPrivate("\(root)/nginx.conf", holding: Array(configuration.utf8))
        child = try Child(["nginx", "-c", "\(root)/nginx.conf"], output: "\(root)/nginx-start.log")
        // It listens within milliseconds; wrk would tell if it did not.
        Pause.milliseconds(500)
    }

    func stop() { child.terminate() }
}
