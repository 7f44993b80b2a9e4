package walk

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// checkSecrets checks that a run's output and the journals contain no secret.
func (w *walker) checkSecrets(done ran) []violation {
	found := w.shows("output", done.stdout+done.stderr)
	for _, v := range w.views {
		found = append(found, w.shows("journal", v.facts.Journal)...)
	}
	return found
}

func (w *walker) shows(where, text string) []violation {
	for _, secret := range w.secrets {
		if i := strings.Index(text, secret); i >= 0 {
			return []violation{violated("secret", "a secret is in the %s: %q", where, text[max(0, i-200):min(len(text), i+len(secret))])}
		}
	}
	return nil
}

// checkLeavings checks at the end of a walk that its Events and evidence contain no secret.
func (w *walker) checkLeavings(ctx context.Context) ([]violation, error) {
	var found []violation
	for _, v := range w.views {
		for namespace, access := range map[string]*cluster.Access{v.Namespace: v.Direct, inlab.SatelliteNamespace: v.Satellite} {
			if access == nil {
				continue
			}
			events, err := access.Clientset().CoreV1().Events(namespace).List(ctx, metav1.ListOptions{})
			if err != nil {
				return nil, err
			}
			for _, event := range events.Items {
				found = append(found, w.shows("event "+event.Name, event.Message)...)
			}
		}
	}
	err := filepath.WalkDir(w.lab.Path("evidence"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return ignoreMissing(err)
		}
		text, err := os.ReadFile(path)
		found = append(found, w.shows("evidence "+path, string(text))...)
		return err
	})
	return found, err
}
