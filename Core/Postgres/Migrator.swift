private import Model

/// Brings a database to the schema of this version: roles first, then the missing migrations in order, under an
/// advisory lock.
///
/// Migrations only go forward. Running it again changes nothing; several at once wait for each other.
package struct Migrator: Sendable {
    /// Connects as a superuser, or as the database's owner with the right to create roles.
    package var url: String
    /// Password of the roles `headgate_api` and `headgate_engine`, which may then log in. Nil leaves existing roles
    /// unchanged and creates missing ones without login.
    package var password: String?
    /// Number of partitions of the schedules, 1 to 1024. Used only by the migration that creates the schema;
    /// `Resharder` raises it later.
    package var shards: Int
    /// The database of the history of executions, reached as `url` is; nil: the same one.
    package var history: String?

    /// A migrator that has not connected yet; traps unless `shards` is 1 to 1024.
    package init(url: String, password: String?, shards: Int, history: String? = nil) {
        precondition((1...1_024).contains(shards), "1 to 1024 shards, not \(shards)")
        self.url = url
        self.password = password
        self.shards = shards
        self.history = history
    }

    /// Migration n is at index n - 1.
    private static let migrations: [(name: String, text: [UInt8])] = [
        ("V0001_schedules_and_triggers", PackageResources.V0001_schedules_and_triggers_sql),
        ("V0002_repeats_and_resumes", PackageResources.V0002_repeats_and_resumes_sql),
        ("V0003_pause_after_failures", PackageResources.V0003_pause_after_failures_sql),
        ("V0004_tenants_and_secrets", PackageResources.V0004_tenants_and_secrets_sql),
        ("V0005_what_outlives_a_change", PackageResources.V0005_what_outlives_a_change_sql),
        ("V0006_owed_failure_calls", PackageResources.V0006_owed_failure_calls_sql),
        ("V0007_owed_calls_are_locked", PackageResources.V0007_owed_calls_are_locked_sql),
        ("V0008_flows", PackageResources.V0008_flows_sql),
    ]

    /// The schema version that this code needs: the number of migrations.
    package static var version: Int { migrations.count }

    /// Whether a database, reached by the URL of any role, has the schema that this code needs, or a later one. Throws where
    /// it cannot be reached or has none at all.
    package static func isCurrent(url: String) async throws -> Bool {
        let connection = PostgresConnection(.init(url: url, applicationName: "headgate migrate"))
        do {
            let done = try await connection.values(StatementCall(.schemaVersion), .int)
            await connection.close()
            return done[0] >= version
        } catch {
            await connection.close()
            throw error
        }
    }

    /// Creates roles, runs the missing migrations, each in a transaction of its own, and creates the trigger partitions
    /// from yesterday to three days ahead.
    ///
    /// Returns the names of the migrations that ran. Throws `PostgresError`; completed migrations stay.
    @discardableResult
    package func run() async throws -> [String] {
        let connection = PostgresConnection(.init(url: url, applicationName: "headgate migrate"))
        try await connection.run(
            script: "set client_min_messages = warning; select pg_advisory_lock(\(AdvisoryLock.migration))")
        try await connection.run(script: roles)
        try await connection.run(
            script: """
                set role headgate_owner; create schema if not exists headgate;
                create table if not exists headgate.migration (version integer primary key, name text not null,
                    at timestamptz not null default now());
                grant usage on schema headgate to headgate_api, headgate_engine;
                grant select on headgate.migration to headgate_api, headgate_engine
                """)
        let done = try await connection.values(StatementCall(.schemaVersion), .int)
        var ran: [String] = []
        for (index, migration) in Migrator.migrations.enumerated() where index >= done[0] {
            let text = String(decoding: migration.text, as: UTF8.self).replacing("${shards}", with: String(shards))
            try await connection.run(
                script: """
                    begin; \(text);
                    insert into headgate.migration (version, name) values (\(index + 1), '\(migration.name)'); commit
                    """)
            ran.append(migration.name)
        }
        // Partitions that must exist before the monitor first runs.
        let today = floorDivide(try await connection.now().seconds, 86_400)
        for day in today - 1...today + 3 {
            try await connection.execute(
                StatementCall(.addDay, [.time(Timestamp(seconds: day * 86_400))]))
        }
        await connection.close()
        return ran + (try await migrateHistory())
    }

    /// Migration n of the history is at index n - 1.
    private static let historyMigrations: [(name: String, text: [UInt8])] = [
        ("H0001_history", PackageResources.H0001_history_sql),
        ("H0002_input_digest", PackageResources.H0002_input_digest_sql),
    ]

    /// The history has a schema of its own, with its own versions.
    private func migrateHistory() async throws -> [String] {
        let connection = PostgresConnection(.init(url: history ?? url, applicationName: "headgate migrate"))
        try await connection.run(
            script: "set client_min_messages = warning; select pg_advisory_lock(\(AdvisoryLock.migration))")
        if history != nil { try await connection.run(script: roles) }
        try await connection.run(
            script: """
                set role headgate_owner; create schema if not exists headgate_history;
                create table if not exists headgate_history.migration (version integer primary key, name text not null,
                    at timestamptz not null default now());
                grant usage on schema headgate_history to headgate_api, headgate_engine;
                grant select on headgate_history.migration to headgate_api, headgate_engine
                """)
        let done = try await connection.values(
            StatementCall(Statement("select coalesce(max(version), 0) from headgate_history.migration")), .int)
        var ran: [String] = []
        for (index, migration) in Migrator.historyMigrations.enumerated() where index >= done[0] {
            let text = String(decoding: migration.text, as: UTF8.self)
            try await connection.run(
                script: """
                    begin; \(text);
                    insert into headgate_history.migration (version, name) values (\(index + 1), '\(migration.name)'); commit
                    """)
            ran.append(migration.name)
        }
        let today = floorDivide(try await connection.now().seconds, 86_400)
        for day in today - 1...today + 3 {
            try await connection.execute(StatementCall(.addHistoryDay, [.time(Timestamp(seconds: day * 86_400))]))
        }
        await connection.close()
        return ran
    }

    private var roles: String {
        let login = password.map { "login password '\($0.replacing("'", with: "''"))'" } ?? "nologin"
        let alter =
            password == nil ? "" : "alter role headgate_api \(login); alter role headgate_engine \(login);"
        return """
            do $$ begin
                if not exists (select 1 from pg_roles where rolname = 'headgate_owner') then create role headgate_owner; end if;
                if not exists (select 1 from pg_roles where rolname = 'headgate_api') then create role headgate_api \(login); end if;
                if not exists (select 1 from pg_roles where rolname = 'headgate_engine') then
                    create role headgate_engine \(login); end if;
                execute format('grant create on database %I to headgate_owner', current_database());
                grant headgate_owner to headgate_engine;
                -- For imports of many tenants, after the API has checked that the caller may: taken on by a transaction, never
                -- inherited.
                alter role headgate_api noinherit;
                grant headgate_engine to headgate_api;
                if not pg_has_role(current_user, 'headgate_owner', 'member') then
                    execute format('grant headgate_owner to %I', current_user); end if;
            end $$; \(alter)
            """
    }
}
