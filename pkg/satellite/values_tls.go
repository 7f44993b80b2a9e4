package satellite

// TLS is what a satellite's values say of its certificates.
type TLS struct {
	// HostSecret names the TLS Secret of the access URL's certificate
	// (coderd.tls.hostSecretName), DevURLsSecret that of the Dev URLs' certificate
	// (coderd.tls.devurlsHostSecretName). Either is empty if the values name none.
	HostSecret, DevURLsSecret string
	// DevURLsHost is the wildcard below which Dev URLs are served, such as
	// "*.coder-sydney.example.com" (coderd.devurlsHost); empty if there are none.
	DevURLsHost string
}

// TLSOf returns what the values say of the satellite's certificates. A value of
// another kind than text counts as none: the chart cannot use it.
func TLSOf(values map[string]any) TLS {
	text := func(path ...string) string {
		found, _ := lookup(values, path...).(string)
		return found
	}
	return TLS{
		HostSecret:    text("coderd", "tls", "hostSecretName"),
		DevURLsSecret: text("coderd", "tls", "devurlsHostSecretName"),
		DevURLsHost:   text("coderd", "devurlsHost"),
	}
}
