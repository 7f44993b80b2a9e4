package coder_test

import (
	"strings"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
)

func TestParseURL(t *testing.T) {
	for raw, want := range map[string]string{
		"https://coder.example.com":      "https://coder.example.com",
		"https://coder.example.com/":     "https://coder.example.com",
		"https://coder.example.com:8443": "https://coder.example.com:8443",
		"HTTPS://coder.example.com":      "https://coder.example.com",
		"https://[::1]:8443":             "https://[::1]:8443",
		"http://127.0.0.1:8080":          "http://127.0.0.1:8080",
		"http://localhost:8080":          "http://localhost:8080",
		"http://[::1]":                   "http://[::1]",
	} {
		got, err := coder.ParseURL(raw)
		if err != nil || got.String() != want {
			t.Errorf("%q: %v, %v", raw, got, err)
		}
	}
	for raw, want := range map[string]string{
		"":                                       "is empty",
		"coder.example.com":                      "not a complete URL",
		"https://":                               "not a complete URL",
		"https://:443":                           "not a complete URL",
		"http://coder.example.com":               "is not https",
		"http://127.0.0.1.example.com":           "is not https",
		"ftp://coder.example.com":                "is not https",
		"https://coder.example.com/login":        "must not have a path",
		"https://coder.example.com?x=1":          "query or fragment",
		"https://coder.example.com#x":            "query or fragment",
		"https://coder.example.com:port":         "is not a URL",
		"https://ann:hush":                       "is not a URL",
		"https://ann:hush/x@coder.example.com":   "user or password",
		"https://coder.example.com:":             "has no valid port",
		"https://coder.example.com:0":            "has no valid port",
		"https://coder.example.com:65536":        "has no valid port",
		"https://coder example.com":              "is not a URL",
		"https://ann:hush@coder.example.com":     "user or password",
		"https://ann:hush@":                      "user or password",
		"https://ann:hush@coder.example.com:x":   "user or password",
		"http://ann:hush@coder.example.com":      "user or password",
		"https://an n:hush@coder.example.com":    "user or password",
		"https://coder.example.com/?token=hush":  "query or fragment",
		"ftp://coder.example.com/?token=hush":    "is not https",
		"https://coder.example.com:x?token=hush": "is not a URL",
		"ann:hush@coder.example.com":             "user or password",
	} {
		_, err := coder.ParseURL(raw)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%q: %v", raw, err)
		}
	}
}

func TestLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "127.0.0.1": true, "127.8.8.8": true, "::1": true,
		"": false, "10.0.0.1": false, "localhost.example.com": false, "127.0.0.1.example.com": false, "0.0.0.0": false,
	} {
		if coder.Loopback(host) != want {
			t.Errorf("%q: %v", host, !want)
		}
	}
}

func TestSameURL(t *testing.T) {
	const plain = "https://coder.example.com"
	for _, same := range []string{plain, plain + "/", plain + ":443", "HTTPS://Coder.Example.com:443/", " " + plain + " "} {
		if !coder.SameURL(plain, same) || coder.NormalURL(same) != plain {
			t.Errorf("%q is another than %s: %q", same, plain, coder.NormalURL(same))
		}
	}
	for _, other := range []string{"", "https://coder.example.com:8443", "http://coder.example.com", "https://coder-staging.example.com", "coder.example.com"} {
		if coder.SameURL(plain, other) {
			t.Errorf("%q is the same as %s", other, plain)
		}
	}
	for _, same := range [][2]string{
		{"http://a:80/x/", "http://A/x"}, {"https://a:8443", "https://A:8443/"}, {"", ""}, {"a.example.com/", "A.example.com"},
	} {
		if !coder.SameURL(same[0], same[1]) {
			t.Errorf("%q and %q differ", same[0], same[1])
		}
	}
	for _, other := range [][2]string{
		{"https://a", "http://a"}, {"https://a", "https://a:8443"}, {"https://a/x", "https://a/X"}, {"https://a", ""}, {"http://a:443", "http://a"},
	} {
		if coder.SameURL(other[0], other[1]) {
			t.Errorf("%q and %q are the same", other[0], other[1])
		}
	}
	for raw, want := range map[string]string{
		"http://localhost:80/":       "http://localhost",
		"https://[::1]:443":          "https://[::1]",
		"https://ann@Coder.EXAMPLE/": "https://ann@Coder.EXAMPLE/", // validation refuses this later
	} {
		if got := coder.NormalURL(raw); got != want {
			t.Errorf("%q becomes %q, want %q", raw, got, want)
		}
	}
}
