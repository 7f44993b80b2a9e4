package cmd

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
)

// maxPlan is the longest plan file that is read.
const maxPlan = 16 << 20

// readPlan reads a plan that `plan -o json` printed; - is standard input.
func readPlan(env Environment, name string) (*v1alpha1.Plan, error) {
	in := io.NopCloser(env.In)
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, usage(fmt.Errorf("the plan cannot be read: %w", err))
		}
		in = file
	}
	defer func() { _ = in.Close() }()
	data, err := io.ReadAll(io.LimitReader(in, maxPlan+1))
	switch {
	case err != nil:
		return nil, usage(fmt.Errorf("the plan %s cannot be read: %w", name, err))
	case len(data) > maxPlan:
		return nil, usagef("the plan %s is longer than %d MiB", name, maxPlan>>20)
	}
	plan, err := decodePlan(data)
	if newer := new(newerPlanError); errors.As(err, &newer) {
		return nil, usage(fmt.Errorf("the plan %s cannot be carried out: %w", name, err))
	}
	if err != nil {
		return nil, usage(fmt.Errorf("%s is no plan as `kubectl coder-satellite plan -o json` prints it: %w", name, err))
	}
	return plan, nil
}

// newerPlanError is a plan that says more than this version of the plugin knows:
// to carry out the rest of it would not be to carry it out.
type newerPlanError struct{ what string }

func (e *newerPlanError) Error() string {
	return fmt.Sprintf("it has %s, as a newer version of the plugin writes it: upgrade the plugin, with `kubectl krew upgrade coder-satellite`, or plan again with this one", e.what)
}

func decodePlan(data []byte) (*v1alpha1.Plan, error) {
	head := metav1.TypeMeta{} // tells why the rest of it may not be understood
	group, version := v1alpha1.GroupVersion().Group, v1alpha1.GroupVersion().String()
	if json.Unmarshal(data, &head) == nil && head.Kind == v1alpha1.KindPlan && head.APIVersion != version && strings.HasPrefix(head.APIVersion, group+"/") {
		return nil, &newerPlanError{fmt.Sprintf("the version %q", head.APIVersion)}
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	plan := &v1alpha1.Plan{}
	switch err := decoder.Decode(plan); {
	case errors.Is(err, io.EOF):
		return nil, errors.New("it is empty")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, errors.New("it breaks off: it was not written whole")
	case err != nil && strings.HasPrefix(err.Error(), "json: unknown field ") && head.Kind == v1alpha1.KindPlan:
		return nil, &newerPlanError{"the field " + strings.TrimPrefix(err.Error(), "json: unknown field ")}
	case err != nil:
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the plan in it")
	}
	if plan.Kind != v1alpha1.KindPlan || plan.APIVersion != v1alpha1.GroupVersion().String() {
		return nil, fmt.Errorf("it is of kind %q, version %q", plan.Kind, plan.APIVersion)
	}
	return plan, nil
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
