package cmd

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
)

// maxPlan is the longest plan file that is read.
const maxPlan = 16 << 20

// readPlan reads a plan that `plan -o json` printed; - is standard input.
func readPlan(env Environment, name string) (*v1alpha1.Plan, error) {
	data, err := fleet.Read(name, env.In, maxPlan)
	switch {
	case errors.Is(err, fleet.ErrTooLarge):
		return nil, usagef("the plan %s is longer than %d MiB", name, maxPlan>>20)
	case err != nil:
		return nil, usage(fmt.Errorf("the plan %s cannot be read: %w", name, err))
	}
	plan, newer, err := decodePlan(data)
	switch {
	case newer != "": // to carry out the rest of it would not be to carry it out
		return nil, usagef("the plan %s cannot be carried out: it has %s, which a newer version of the plugin wrote: "+
			"upgrade the plugin, with `kubectl krew upgrade coder-satellite`, or plan again with this one", name, newer)
	case err != nil:
		return nil, usage(fmt.Errorf("%s is not a plan printed by `kubectl coder-satellite plan -o json`: %w", name, err))
	}
	return plan, nil
}

// decodePlan decodes a plan. newer names what only a newer version of the plugin understands; empty if there is
// nothing.
func decodePlan(data []byte) (plan *v1alpha1.Plan, newer string, err error) {
	head := metav1.TypeMeta{} // tells why the rest of it may not be understood
	group, version := v1alpha1.GroupVersion().Group, v1alpha1.GroupVersion().String()
	if json.Unmarshal(data, &head) == nil && head.Kind == v1alpha1.KindPlan && head.APIVersion != version && strings.HasPrefix(head.APIVersion, group+"/") {
		return nil, fmt.Sprintf("the version %q", head.APIVersion), nil
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	plan = &v1alpha1.Plan{}
	switch err := decoder.Decode(plan); {
	case errors.Is(err, io.EOF):
		return nil, "", errors.New("it is empty")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, "", errors.New("it is truncated")
	case err != nil:
		field, unknown := strings.CutPrefix(err.Error(), "json: unknown field ")
		if unknown && head.Kind == v1alpha1.KindPlan {
			return nil, "the field " + field, nil
		}
		return nil, "", err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, "", errors.New("there is more in it after the plan")
	}
	if plan.Kind != v1alpha1.KindPlan || plan.APIVersion != version {
		return nil, "", fmt.Errorf("it is of kind %q, version %q", plan.Kind, plan.APIVersion)
	}
	return plan, "", nil
}

// mustMatch refuses a run whose regions are not as an earlier plan found them.
func mustMatch(planned, now *v1alpha1.Plan) error {
	if planned == nil {
		return nil
	}
	if err := migration.SamePlan(planned, now); err != nil {
		return &exitError{exitPreflightFailed, fmt.Errorf("nothing was changed: %w\nplan again with `kubectl coder-satellite plan`", err)}
	}
	return nil
}
