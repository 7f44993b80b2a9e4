package legacy

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage"
	"helm.sh/helm/v3/pkg/storage/driver"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Remove deletes the release for good: first, by Helm, the objects that Preview says go, and last the records. The
// backup stays, so RestoreRecord and RecreateObjects can restore the release. After a failure the records are
// unchanged, deleted objects are created again, and the error says which are not. Repeating it continues. The timeout
// bounds each of the chart's delete hooks; 0 means 5 minutes. It does not wait for pods: envproxy lets connections end
// for four hours.
func (h Handle) Remove(ctx context.Context, options Options, timeout time.Duration) (Removal, error) {
	r, err := h.remover(ctx)
	if err != nil {
		return Removal{}, err
	}
	b, err := h.backUpAll(ctx, r.records, options)
	if err != nil {
		return r.removal, err
	}
	if err := ctx.Err(); err != nil { // Helm's uninstall cannot be interrupted
		return r.removal, err
	}
	options.progress("deleting: %s", listed(r.goes))
	if err := r.uninstall(cmp.Or(timeout, 5*time.Minute)); err != nil {
		return r.removal, r.bringBack(ctx, err)
	}
	if !h.Rendered() {
		if err := r.purge(ctx, b); err != nil {
			return r.removal, err
		}
	}
	if err := h.markRemoved(ctx); err != nil {
		return r.removal, fmt.Errorf("release %s is removed, but its backups are not all marked as those of a removed release: %w", h, err)
	}
	return r.removal, nil
}

// markRemoved marks all backups of the release, to tell them from those of releases uninstalled by mistake.
func (h Handle) markRemoved(ctx context.Context) error {
	items, err := h.listBackups(ctx, h.backupLabels().String()+",!"+labelRemoved)
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

// uninstall lets Helm delete the objects that go. Helm gets an in-memory copy of the release whose manifest has only
// those objects, in API versions that the cluster serves: the real records stay untouched until all succeeds, and an
// old API version cannot make Helm fail ("unable to build kubernetes objects").
func (r remover) uninstall(timeout time.Duration) error {
	text, err := marshal(r.records[0].record.fields)
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
	copied.Manifest, copied.Namespace = r.manifest(), r.Namespace
	memory := driver.NewMemory()
	memory.SetNamespace(r.Namespace)
	configuration := r.access.Helm(r.Namespace)
	configuration.Releases = storage.Init(memory)
	if err := configuration.Releases.Create(copied); err != nil {
		return fmt.Errorf("release %s cannot be prepared for Helm: %w", r, err)
	}
	uninstall := action.NewUninstall(configuration)
	uninstall.Timeout = timeout
	if _, err := uninstall.Run(r.Name); err != nil {
		return fmt.Errorf("Helm failed to uninstall release %s: %w", r, err)
	}
	return nil
}

// manifest has what Helm needs to delete the objects that go.
func (r remover) manifest() (text string) {
	for _, l := range r.goes {
		version, kind := l.mapping.GroupVersionKind.ToAPIVersionAndKind()
		object, _ := marshal(map[string]any{ // strings can be written
			"apiVersion": version, "kind": kind, "metadata": map[string]string{"name": l.Name, "namespace": l.namespace()},
		})
		text += "---\n" + string(object) + "\n"
	}
	return text
}

// bringBack recreates what a failed removal deleted.
func (r remover) bringBack(ctx context.Context, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	created, err := r.recreate(ctx, r.records[0])
	if err != nil {
		return fmt.Errorf("%w; its record is unchanged; %s were created again, but not all: %w", cause, listed(created), err)
	}
	return fmt.Errorf("%w; its record is unchanged; objects created again: %s", cause, listed(created))
}

// purge deletes the records of all revisions, the deployed one last: until then the release can be found.
func (r remover) purge(ctx context.Context, b *held) error {
	revisions, err := r.revisions(ctx, r.Driver, r.Namespace, r.Name)
	if err != nil {
		return err
	}
	revisions = slices.DeleteFunc(revisions, func(other revision) bool { return other.object == b.original.Name })
	for _, other := range append(revisions, revision{object: b.original.Name}) {
		if err := r.delete(ctx, other.object); err != nil {
			return err
		}
	}
	return nil
}
