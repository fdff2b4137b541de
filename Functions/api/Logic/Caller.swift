import HTTPTypes
import Hummingbird
import Model
import Store

/// What a key may do. Each role includes those before it.
enum Role: String, CaseIterable, Comparable, Sendable {
    case viewer
    case `operator`
    case author
    case admin

    private var rank: Int { Role.allCases.firstIndex(of: self)! }
    static func < (left: Role, right: Role) -> Bool { left.rank < right.rank }
}

/// Who makes a request, and for which tenant.
struct Caller: Sendable {
    var key: KeyID
    /// The tenant acted for: the key's own, or the one that a platform admin names.
    var tenant: TenantID
    var subject: String
    var role: Role
    var isPlatform: Bool
    /// A platform key that named no tenant: sees all tenants in calls that offer it.
    var seesAll: Bool

    /// Whether it may see details of the installation's servers.
    var seesDetails: Bool { isPlatform && role == .admin }
    var actor: AuditActor { AuditActor(tenant: tenant, subject: subject) }

    /// A remote system that reports on a step by the URL that it was given.
    init(reportingFor tenant: TenantID) {
        key = KeyID(high: 0, low: 0)
        self.tenant = tenant
        subject = "callback"
        role = .viewer
        (isPlatform, seesAll) = (false, false)
    }

    init(_ row: KeyRow, namedTenant: String?) throws {
        key = row.id
        subject = row.subject
        role = Role(rawValue: row.role) ?? .viewer
        isPlatform = row.isPlatform
        tenant = row.tenant
        seesAll = row.isPlatform && namedTenant == nil
        guard let namedTenant else { return }
        guard row.isPlatform || namedTenant == row.tenant.description else {
            throw Problem.forbidden("only a platform admin's key may name a tenant by Headgate-Tenant")
        }
        guard let namedTenant = TenantID(namedTenant) else {
            throw Problem.parameter("Headgate-Tenant", "expected \(NameRule.tenant.requirement)")
        }
        tenant = namedTenant
    }
}

extension HTTPField.Name {
    static let headgateTenant = HTTPField.Name("Headgate-Tenant")!
}
