//! HTTP clients as the portal wants them: no redirects, no proxies, deadlines, a size cap.
