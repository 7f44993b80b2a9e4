package legacy

import (
	"context"
	"fmt"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/gitops"
)

// Removal says which objects of a removed release are deleted, and which stay.
type Removal struct {
	Goes  []ObjectRef
	Stays []Kept
}

// Kept is an object that stays, and why.
type Kept struct {
	Object ObjectRef
	Reason string
}

// Preview says what Remove would do, without writing.
func (h Handle) Preview(ctx context.Context) (Removal, error) {
	r, err := h.remover(ctx)
	return r.removal, err
}

type remover struct {
	Handle
	records []held
	goes    []live
	removal Removal
}

func (h Handle) remover(ctx context.Context) (r remover, err error) {
	r.Handle = h
	if h.RecordMissing || h.Rendered() { // somebody uninstalled it after it was retained; now the rest goes
		var b *held
		if b, err = h.latestBackup(ctx); err == nil {
			r.records = []held{*b}
		}
	} else {
		r.records, err = h.records(ctx)
	}
	if err != nil {
		return r, err
	}
	if err := h.idle(r.records); err != nil {
		return r, err
	}
	found, err := h.lookAt(ctx, r.records...)
	if err != nil {
		return r, err
	}
	for _, l := range found {
		if l.object == nil {
			continue
		}
		if reason := h.keepReason(l); reason != "" {
			r.removal.Stays = append(r.removal.Stays, Kept{Object: l.ObjectRef, Reason: reason})
		} else {
			r.goes = append(r.goes, l)
			r.removal.Goes = append(r.removal.Goes, l.ObjectRef)
		}
	}
	return r, nil
}

// keepReason says why an object that exists must stay; empty if it goes.
func (r Release) keepReason(l live) string {
	switch l.Kind {
	case "ServiceAccount", "Role", "RoleBinding":
		if reason := r.usedByCoder(l.ObjectRef); reason != "" {
			return reason
		}
	case "Namespace", "PersistentVolumeClaim", "PersistentVolume", "CustomResourceDefinition":
		return "deleting it would delete data that is not the release's"
	}
	if l.chartKeeps {
		return "the chart marks it to be kept"
	}
	if reason := l.foreign(r); reason != "" {
		return reason
	}
	if now := gitops.OwnerOf(l.object.Labels, l.object.Annotations); r.Rendered() && now.Exists() && now.Name != r.Name {
		return fmt.Sprintf("it belongs to %.80q now", now)
	}
	if !r.Rendered() && l.object.Annotations[annotationRelease] == "" {
		return "it does not say that it belongs to the release"
	}
	return ""
}

// usedByCoder says what Coder needs an object for after the release is gone: what Coder's own chart keeps from 1.21.4
// on, so that existing workspaces have no downtime.
func (r Release) usedByCoder(o ObjectRef) string {
	switch {
	case o.Name == "coder":
		return "Coder provisions workspaces with it"
	case o.Kind == "ServiceAccount" && (o.Name == "environments" || strings.HasSuffix(o.Name, "-environments")):
		return "workspaces run under it"
	case o.Kind != "ServiceAccount" && (o.Name == "coder-restricted" || o.Name == "ingress-restricted"):
		return "existing workspaces need it"
	default:
		return ""
	}
}
