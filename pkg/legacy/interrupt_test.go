package legacy

import (
	"context"
	"fmt"
	"strings"
	"testing"

	helmrelease "helm.sh/helm/v3/pkg/release"
)

// If someone deletes or upgrades the release meanwhile, retaining it is an error and overwrites
// nothing of theirs.
func TestRetainRaces(t *testing.T) {
	backup := "POST /api/v1/namespaces/coder-satellite/secrets"
	for title, test := range map[string]struct {
		race func(r *region)
		want string
	}{
		"uninstalled": {func(r *region) {
			delete(r.server.objects, "/secrets/coder/sh.helm.release.v1.coder-workspace-provider.v1")
		}, "it has been deleted"},
		"changed": {func(r *region) {
			object := r.server.objects["/secrets/coder/sh.helm.release.v1.coder-workspace-provider.v1"]
			metaOf(object)["labels"].(map[string]any)["status"] = "superseded"
			r.server.put("/secrets/coder/sh.helm.release.v1.coder-workspace-provider.v1", object, object)
		}, "was changed by somebody else"},
	} {
		t.Run(title, func(t *testing.T) {
			r := newRegion(t, "")
			release := r.legacy(legacyManifest(false, false))
			r.server.afterwards(func(method, path string) {
				if method+" "+path == backup {
					r.server.mu.Lock()
					test.race(r)
					r.server.mu.Unlock()
				}
			})
			_, err := r.of(release).Retain(context.Background(), retainOptions())
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, want %q", err, test.want)
			}
		})
	}
	r := newRegion(t, "")
	release := r.legacy(legacyManifest(false, false))
	if err := r.helm(home).Create(helmRelease(home, name, chartName, "", 2, helmrelease.StatusPendingRollback)); err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{
		"retain": second(r.of(release).Retain(context.Background(), retainOptions())),
		"remove": second(r.of(release).Remove(context.Background(), removeOptions(), 0)),
	} {
		if err == nil || !strings.Contains(err.Error(), "is in pending-rollback at revision 2") {
			t.Errorf("%s: got %v", what, err)
		}
	}
	release.Revision = 7
	if _, err := r.of(release).Retain(context.Background(), retainOptions()); err == nil || !strings.Contains(err.Error(), "it was at 7 a moment ago") {
		t.Errorf("got %v", err)
	}
}

// The next run completes a run that was interrupted at any request.
func TestRetainInterruptedAnywhere(t *testing.T) {
	for stop := 0; ; stop++ {
		r := newRegion(t, "")
		release := r.legacy(legacyManifest(true, true))
		ctx, cancel := context.WithCancel(context.Background())
		left := stop
		r.server.afterwards(func(method, _ string) {
			r.server.mu.Lock()
			defer r.server.mu.Unlock()
			if method != "GET" {
				if left == 0 {
					cancel()
				}
				left--
			}
		})
		_, err := r.of(release).Retain(ctx, retainOptions())
		interrupted := ctx.Err() != nil
		cancel()
		r.server.afterwards(nil)
		r.retain(r.find())
		if retention, _ := r.inspect(r.find()); !retention.Complete {
			t.Errorf("stopped at %d (%v): retention %+v", stop, err, retention)
		}
		if !interrupted {
			return
		}
		if stop > 50 {
			t.Fatal(fmt.Errorf("never completes"))
		}
	}
}

func second[T any](_ T, err error) error { return err }
