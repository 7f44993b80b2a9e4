package cmd

import (
	"strings"
	"testing"

	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// A plan of a newer version is refused with a message that says so: this version could miss a
// part of it.
func TestNewerPlan(t *testing.T) {
	for text, want := range map[string]string{
		`{"kind":"Plan","apiVersion":"coder-satellite.dev/v1alpha1","soak":"24h"}`:                         `the field "soak"`,
		`{"apiVersion":"coder-satellite.dev/v1alpha1","kind":"Plan","regions":[{"name":"a","soak":"1h"}]}`: `the field "soak"`,
		`{"kind":"Plan","apiVersion":"coder-satellite.dev/v1beta1","regions":{}}`:                          `the version "coder-satellite.dev/v1beta1"`,
	} {
		_, err := readPlan(Environment{IOStreams: genericiooptions.IOStreams{In: strings.NewReader(text)}}, "-")
		if err == nil {
			t.Errorf("%s is accepted", text)
			continue
		}
		for _, part := range []string{want, "newer version of the plugin", "kubectl krew upgrade coder-satellite"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %q has no %q", text, err, part)
			}
		}
	}
	for _, text := range []string{`{"kind":"Fleet","soak":"24h"}`, `{"soak":"24h"}`, `[]`, `{"kind":"Plan","apiVersion":"apps/v1"}`} {
		if _, err := readPlan(Environment{IOStreams: genericiooptions.IOStreams{In: strings.NewReader(text)}}, "-"); err == nil || strings.Contains(err.Error(), "newer") {
			t.Errorf("%s: error %v", text, err)
		}
	}
}
