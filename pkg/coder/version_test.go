package coder_test

import (
	"strings"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

func TestParseVersion(t *testing.T) {
	for text, want := range map[string]string{
		"1.21.3": "1.21.3", "v1.21.3": "1.21.3", "1.21": "1.21.0",
		"1.22.0-rc.1": "1.22.0-rc.1", "1.22.0+abc": "1.22.0+abc", "0.0.0": "0.0.0",
	} {
		got, err := coder.ParseVersion(text)
		if err != nil || got.String() != want {
			t.Errorf("%q: %s, %v", text, got, err)
		}
	}
	if got, err := coder.ParseVersion(" v1.44.0\n"); err != nil || got.String() != "1.44.0" {
		t.Errorf("with white space: %s, %v", got, err)
	}
	for _, text := range []string{
		"", "v", "1", "1.", ".1", "1.x", "1.2.3.4", "latest", "1.-2.3", "vv1.2.3", "1.2.3 4", "1. 2", "１.２",
		"99999999999999999999.1", "1.2.3-\x1b[2J", "1.2.3-a b", "1.2." + strings.Repeat("0", 64),
	} {
		if got, err := coder.ParseVersion(text); err == nil || strings.Contains(err.Error(), "\x1b") || len(err.Error()) > 120 {
			t.Errorf("%q: %s, %v", text, got, err)
		}
	}
}

func TestCompareVersions(t *testing.T) {
	version := func(text string) coder.Version {
		v, err := coder.ParseVersion(text)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, test := range []struct {
		text         string
		major, minor uint64
		want         bool
	}{
		{"1.21.0", 1, 21, true}, {"1.20.9", 1, 21, false}, {"1.22.0-rc.1", 1, 22, true}, {"2.0.0", 1, 21, true}, {"0.99.0", 1, 21, false}, {"1.100.0", 1, 21, true},
	} {
		if got := version(test.text).AtLeast(test.major, test.minor); got != test.want {
			t.Errorf("%s at least %d.%d: %v", test.text, test.major, test.minor, got)
		}
	}
}

func TestVersion(t *testing.T) {
	for reported, want := range map[string]string{"1.21.3": "1.21.3", "v1.44.3": "1.44.3"} {
		got, err := start(t, codertest.Options{Version: reported}).client(t).Version(t.Context())
		if err != nil || got.String() != want {
			t.Errorf("%q: %s, %v", reported, got, err)
		}
	}
	d := start(t, codertest.Options{})
	for reported, want := range map[string]string{"": "is it a Coder deployment?", "soon": `"soon" is not a version`} {
		d.SetVersion(reported)
		if got, err := d.client(t).Version(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %s, %v", reported, got, err)
		}
	}
}
