package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	tests := []struct {
		args      string
		platforms int
		plugins   string
		err       string
	}{
		{args: "-version v0.1.0", platforms: 6, plugins: "plugins"},
		{args: "-version v0.1.0-rc.1 -platforms linux/amd64,windows/arm64", platforms: 2},
		{args: "", err: "-version"},
		{args: "-version 0.1.0", err: "-version"},
		{args: "-version v0.1", err: "-version"},
		{args: "-version v0.1.0 -platforms plan9/amd64", err: "plan9/amd64"},
		{args: "-version v0.1.0 all", err: `unexpected argument "all"`},
		{args: "-nonsense", err: "nonsense"},
	}
	for _, test := range tests {
		t.Run(test.args, func(t *testing.T) {
			o, err := parse(strings.Fields(test.args), io.Discard)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("got error %v, want one with %q", err, test.err)
				}
				return
			}
			if err != nil || len(o.platforms) != test.platforms || o.plugins != test.plugins {
				t.Errorf("got %+v, %v; want %d platforms and %q", o, err, test.platforms, test.plugins)
			}
		})
	}
}

func TestBill(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	from := source{commit: "abc", time: time.Unix(0, 0).UTC()}
	write := func() []byte {
		b := newBill("v1.2.3", from)
		if err := b.add(self); err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(t.TempDir(), "bill.json")
		if err := b.write(name); err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return content
	}
	content := write()
	if !bytes.Equal(content, write()) {
		t.Error("the same binary gave two bills")
	}
	var document struct {
		Metadata struct {
			Timestamp string
			Component component
		}
		Components   []component
		Dependencies []dependency
	}
	if err := json.Unmarshal(content, &document); err != nil {
		t.Fatal(err)
	}
	if got, want := document.Metadata.Component.Version, "v1.2.3"; got != want {
		t.Errorf("version %q, want %q", got, want)
	}
	names := map[string]component{}
	for _, c := range document.Components {
		names[c.Name] = c
	}
	// This test's own binary links krew, unlike the plugin.
	krew := names["sigs.k8s.io/krew"]
	if diff := cmp.Diff("pkg:golang/sigs.k8s.io/krew@"+krew.Version, krew.PURL); diff != "" {
		t.Errorf("krew's purl (-want +got):\n%s", diff)
	}
	if len(krew.Properties) != 1 || !strings.HasPrefix(krew.Properties[0].Value, "h1:") {
		t.Errorf("krew's properties are %v, want its hash of go.sum", krew.Properties)
	}
	if _, ok := names["std"]; !ok {
		t.Error("the standard library is not in the bill")
	}
	if got, want := len(document.Dependencies[0].DependsOn), len(document.Components); got != want {
		t.Errorf("%d dependencies, want %d", got, want)
	}
}

func TestBillOfNoBinary(t *testing.T) {
	if err := newBill("v1.2.3", source{}).add("main.go"); err == nil {
		t.Error("a file that is not a binary was accepted")
	}
}
