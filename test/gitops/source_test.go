package gitops

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

// source plays Flux's source-controller: each HelmChart and each OCIRepository gets the chart of that name and version
// from the lab's own repository, whatever the repository is that it names.
type source struct {
	client dynamic.Interface
	url    string
}

// playSource begins to; it ends with the test.
func playSource(t *testing.T, region string) {
	t.Helper()
	access, err := lab.Access(region)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.FileServer(http.Dir(lab.Path("charts"))))
	s := &source{client: access.Dynamic(), url: server.URL}
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	group.Go(func() {
		ticker := time.NewTicker(200 * time.Millisecond)
		defer ticker.Stop()
		for ctx.Err() == nil {
			for _, resource := range []string{"helmcharts", "ocirepositories"} {
				if err := s.serve(ctx, resource); err != nil && ctx.Err() == nil {
					t.Logf("%s: %v", resource, err) // a conflict, for example; it tries again
				}
			}
			select {
			case <-ctx.Done():
			case <-ticker.C:
			}
		}
	})
	t.Cleanup(func() {
		cancel()
		group.Wait()
		server.Close()
	})
}

// serve writes the status of each object that has changed.
func (s *source) serve(ctx context.Context, resource string) error {
	client := s.client.Resource(schema.GroupVersionResource{Group: "source.toolkit.fluxcd.io", Version: "v1", Resource: resource})
	list, err := client.List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for i := range list.Items {
		object := &list.Items[i]
		if observed, _, _ := unstructured.NestedInt64(object.Object, "status", "observedGeneration"); observed == object.GetGeneration() {
			continue
		}
		text := func(fields ...string) string {
			value, _, _ := unstructured.NestedString(object.Object, append([]string{"spec"}, fields...)...)
			return value
		}
		chart, version := text("chart"), text("version")
		if resource == "ocirepositories" {
			chart, version = path.Base(text("url")), text("ref", "tag")
		}
		if object.Object["status"], err = s.status(resource, chart+"-"+version+".tgz", version, object.GetGeneration()); err != nil {
			return err
		}
		if _, err := client.Namespace(object.GetNamespace()).UpdateStatus(ctx, object, metav1.UpdateOptions{}); err != nil {
			return err
		}
	}
	return nil
}

// status is what source-controller would say of the archive.
func (s *source) status(resource, file, version string, generation int64) (map[string]any, error) {
	archive, err := os.ReadFile(lab.Path("charts", file))
	if err != nil {
		return nil, err
	}
	digest, now := fmt.Sprintf("sha256:%x", sha256.Sum256(archive)), time.Now().UTC().Format(time.RFC3339)
	revision := version
	if resource == "ocirepositories" {
		revision += "@" + digest
	}
	return map[string]any{
		"observedGeneration": generation,
		"artifact": map[string]any{
			"digest": digest, "lastUpdateTime": now, "path": file, "revision": revision, "url": s.url + "/" + file,
		},
		"conditions": []any{map[string]any{
			"type": "Ready", "status": "True", "reason": "Succeeded", "message": "stored", "lastTransitionTime": now, "observedGeneration": generation,
		}},
	}, nil
}
