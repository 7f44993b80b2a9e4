package legacy

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage"
	"helm.sh/helm/v3/pkg/storage/driver"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"
)

// RemoveOptions say how to remove a release.
type RemoveOptions struct {
	// Timeout bounds each of the chart's own delete hooks; 0 means 5 minutes.
	// Pods are not waited for: envproxy lets connections end for four hours.
	Timeout time.Duration
	// Operator, Reason and Now are noted on a backup if one has to be made.
	Operator, Reason string
	Now              time.Time
	// Progress is told what is done; may be nil.
	Progress func(message string)
}

// Remove deletes the release for good: by Helm all objects that Preview says
// go, and last the records. The backup stays, so that RestoreRecord and
// RecreateObjects bring the release back. When something fails the records are
// as they were, what was deleted is created again, and the error says what
// could not be. Repeating it continues where it stopped.
func (h Handle) Remove(ctx context.Context, options RemoveOptions) (Removal, error) {
	r, err := h.remover(ctx)
	if err != nil {
		return Removal{}, err
	}
	keep := RetainOptions{Operator: options.Operator, Reason: options.Reason, Now: options.Now, Progress: options.Progress}
	backups := make([]*backup, len(r.records))
	for i, c := range r.records {
		if backups[i], err = h.backUp(ctx, c.holder, c.record, keep); err != nil {
			return r.removal, err
		}
	}
	if err := ctx.Err(); err != nil { // Helm's uninstall cannot be interrupted
		return r.removal, err
	}
	keep.progress("deleting: %s", listed(names(r.goes)))
	if err := r.uninstall(options.Timeout); err != nil {
		return r.removal, r.bringBack(ctx, err)
	}
	if err := r.purge(ctx, backups[0]); err != nil {
		return r.removal, err
	}
	if err := h.markRemoved(ctx); err != nil {
		return r.removal, fmt.Errorf("release %s is removed, but its backups are not all marked as those of a removed release: %w", h, err)
	}
	return r.removal, nil
}

// markRemoved marks all backups of the release, so that none is taken for that
// of a release which somebody uninstalled by mistake.
func (h Handle) markRemoved(ctx context.Context) error {
	items, err := h.listBackups(ctx, h.backupSelector()+",!"+labelRemoved)
	if err != nil {
		return err
	}
	patch := fmt.Appendf(nil, `{"metadata":{"labels":{%q:"true"}}}`, labelRemoved)
	for _, item := range items {
		secrets := h.access.Clientset().CoreV1().Secrets(item.Namespace)
		_, err := secrets.Patch(ctx, item.Name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: fieldManager})
		if err != nil {
			return fmt.Errorf("the backup %s/%s cannot be marked: %w", item.Namespace, item.Name, err)
		}
	}
	return nil
}

// uninstall lets Helm delete the objects that go. It gets a copy of the release
// in memory whose manifest has those objects alone, in API versions that the
// cluster serves: the true records are untouched until all went well, and an old
// API version cannot make Helm fail ("unable to build kubernetes objects").
func (r *remover) uninstall(timeout time.Duration) error {
	if timeout == 0 {
		timeout = 5 * time.Minute
	}
	text, err := r.records[0].record.json()
	if err != nil {
		return err
	}
	copied := &release.Release{}
	if err := json.Unmarshal(text, copied); err != nil {
		return fmt.Errorf("Helm cannot read the record of release %s (%s)", r, jsonProblem(err))
	}
	if copied.Info == nil {
		return fmt.Errorf("Helm cannot read the record of release %s: it has no status", r)
	}
	if copied.Manifest, err = r.manifest(); err != nil {
		return err
	}
	copied.Namespace = r.Namespace
	configuration, err := r.access.Helm(r.Namespace, nil)
	if err != nil {
		return err
	}
	memory := driver.NewMemory()
	memory.SetNamespace(r.Namespace)
	configuration.Releases = storage.Init(memory)
	if err := configuration.Releases.Create(copied); err != nil {
		return fmt.Errorf("release %s cannot be prepared for Helm: %w", r, err)
	}
	uninstall := action.NewUninstall(configuration)
	uninstall.Timeout = timeout
	if _, err := uninstall.Run(r.Name); err != nil {
		return fmt.Errorf("Helm could not uninstall release %s: %w", r, err)
	}
	return nil
}

// manifest has what Helm needs to delete the objects that go.
func (r *remover) manifest() (string, error) {
	var text strings.Builder
	for _, l := range r.goes {
		metadata := map[string]any{"name": l.ref.Name}
		if namespace := l.namespace(); namespace != "" {
			metadata["namespace"] = namespace
		}
		kind := l.mapping.GroupVersionKind
		document, err := yaml.Marshal(map[string]any{"apiVersion": kind.GroupVersion().String(), "kind": kind.Kind, "metadata": metadata})
		if err != nil {
			return "", err
		}
		text.WriteString("---\n" + string(document))
	}
	return text.String(), nil
}

// bringBack creates again what a failed removal deleted.
func (r *remover) bringBack(ctx context.Context, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	created, err := r.recreate(ctx, r.records[0].kept.Manifest)
	restored := make([]string, len(created))
	for i, ref := range created {
		restored[i] = ref.String()
	}
	if err != nil {
		return fmt.Errorf("%w; its record is as it was, %s were created again, but not all: %w", cause, listed(restored), err)
	}
	return fmt.Errorf("%w; its record is as it was, and of its objects were created again: %s", cause, listed(restored))
}

func listed(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// purge deletes the records of all revisions, the deployed one last: until
// then the release can be found.
func (r *remover) purge(ctx context.Context, b *backup) error {
	st := r.store()
	revisions, err := st.revisions(ctx, "name="+r.Name)
	if err != nil {
		return err
	}
	for _, revision := range revisions {
		if revision.object == b.original.Name {
			continue
		}
		if err := st.delete(ctx, revision.object); err != nil {
			return err
		}
	}
	return st.delete(ctx, b.original.Name)
}
