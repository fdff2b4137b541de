import Model
import TopologyFile

/// The base and its overlays for kustomize.
extension Kubernetes {
    enum Overlay: String, CaseIterable {
        case dev, prod
    }

    func kustomization(_ names: [String]) -> JSON {
        [
            "apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization",
            "resources": .array(names.map { .string("\($0).yaml") }),
            "labels": [["pairs": ["app.kubernetes.io/part-of": "headgate"]]],
        ]
    }

    /// All images have the release's version. Development has one of each, and budgets that hold nothing up.
    func overlay(_ overlay: Overlay) -> JSON {
        let functions = components + ["headgate"]
        var members: [JSON.Member] = [
            .init("apiVersion", "kustomize.config.k8s.io/v1beta1"), .init("kind", "Kustomization"),
            .init("namespace", .string(overlay == .prod ? "headgate" : "headgate-dev")),
            .init("resources", ["../../base"]),
            .init(
                "images",
                .array(
                    functions.map { name in
                        ["name": .string("\(options.images)\(name)"), "newTag": .string(options.tag)]
                    })),
        ]
        if overlay == .dev {
            let replicas = ["monitor", "api", "sqs", "pooler"].filter {
                components.contains($0) || $0 == "pooler"
            }
            members.append(
                .init("replicas", .array(replicas.map { ["name": .string($0), "count": 1] })))
        }
        return .object(members)
    }
}
